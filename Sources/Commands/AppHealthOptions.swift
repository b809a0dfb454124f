internal import Blocks

/// daprd's `--enable-app-health-check` and its four companions.
struct AppHealthOptions {
    private let options: [String]

    /// - Parameter options: `NAME=VALUE`, the last one of a name counts.
    init(_ options: [String]) { self.options = options }

    /// nil when health is not checked.
    func check() throws(Failure) -> AppHealthCheck? {
        var check = AppHealthCheck()
        if let path = options.value(of: "app-health-check-path"), !path.isEmpty {
            check.path = path
        }
        if let seconds = try number("app-health-probe-interval") {
            check.interval = .seconds(seconds)
        }
        if let milliseconds = try number("app-health-probe-timeout") {
            check.timeout = .milliseconds(milliseconds)
        }
        if let threshold = try number("app-health-threshold") { check.threshold = threshold }
        guard options.value(of: "enable-app-health-check") == "true" else { return nil }
        guard check.timeout < check.interval else {
            throw Failure(
                .usage,
                "value for 'app-health-probe-timeout' must be smaller than 'app-health-probe-interval'"
            )
        }
        return check
    }

    /// As daprd: what is not positive is the default.
    private func number(_ name: String) throws(Failure) -> Int? {
        guard let text = options.value(of: name) else { return nil }
        guard let number = Int(text) else {
            throw Failure(.usage, "invalid --\(name) `\(text)`: write a number")
        }
        return number > 0 ? number : nil
    }
}

extension [String] {
    /// The value of the last `NAME=VALUE`.
    func value(of name: String) -> String? {
        last { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
