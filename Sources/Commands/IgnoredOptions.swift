/// daprd's options that are seldom given, and those about things that fakedapr does not have: the
/// latter are taken, so that a command line written for daprd works as it is, and without effect.
///
/// A table of our own, looked at before argument-parser does: thirty more declarations would cost it
/// three milliseconds at every start.
enum IgnoredOptions {
    private struct Option {
        let name: String
        let isFlag: Bool
        /// Whether the log says, at level debug, that it has no effect.
        let isTold: Bool
        /// Whether it has an effect: it is handed on as `--rare NAME=VALUE`.
        var isRare = false

        /// The variable that gives it too.
        var variable: String {
            "FAKEDAPR_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
        }
    }

    private static let all: [Option] =
        options(
            isTold: true, "dapr-internal-grpc-port", "dapr-public-port",
            "placement-host-address", "scheduler-host-address", "sentry-address",
            "control-plane-address", "metrics-port", "profile-port")
        + options(
            isFlag: true, isTold: true, "enable-metrics", "enable-mtls", "enable-profiling")
        + options(
            "dapr-internal-grpc-listen-address", "dapr-public-listen-address",
            "scheduler-job-streams", "actors-disseminate-timeout", "control-plane-trust-domain",
            "control-plane-namespace", "mode", "metrics-listen-address",
            "hot-reload-reconcile-interval", "app-binding-options-timeout")
        + options(isFlag: true, "app-ssl")
        + [
            "app-health-check-path", "app-health-probe-interval", "app-health-probe-timeout",
            "app-health-threshold", "disable-init-endpoints", "dapr-grpc-port", "output", "stubs",
            "clock",
            "seed", "faults",
        ].map { Option(name: $0, isFlag: false, isTold: false, isRare: true) }
        + ["enable-app-health-check", "no-control"].map {
            Option(name: $0, isFlag: true, isTold: false, isRare: true)
        }

    private static func options(
        isFlag: Bool = false, isTold: Bool = false, _ names: String...
    ) -> [Option] {
        names.map { Option(name: $0, isFlag: isFlag, isTold: isTold) }
    }

    /// The arguments without them; in place of those worth telling stands `--ignored NAME`.
    ///
    /// - Parameters:
    ///   - arguments: of `serve`, long options with two dashes.
    ///   - environment: its `FAKEDAPR_*` variables.
    static func taken(
        from arguments: [String], environment: [String: String]
    ) throws(Failure) -> [String] {
        var kept: [String] = []
        var given: [Option] = []
        var rare: [String] = []
        var index = 0
        while index < arguments.count, arguments[index] != "--" {
            let word = arguments[index]
            index += 1
            guard let (option, value) = find(word) else {
                kept.append(word)
                continue
            }
            if option.isFlag {
                let isOn = try GoBool.parse(value ?? "true", named: "--\(option.name)")
                if isOn { given.append(option) }
                if option.isRare { rare.append("\(option.name)=\(isOn)") }
                continue
            }
            if value == nil {
                guard index < arguments.count else {
                    throw Failure(.usage, "missing value for --\(option.name)")
                }
                index += 1
            }
            given.append(option)
            if option.isRare { rare.append("\(option.name)=\(value ?? arguments[index - 1])") }
        }
        for option in all where !given.contains(where: { $0.name == option.name }) {
            guard let value = environment[option.variable] else { continue }
            let isOn = try option.isFlag ? GoBool.parse(value, named: option.variable) : true
            if isOn { given.append(option) }
            // What was given by name goes before it: the last one counts.
            if option.isRare { rare.insert("\(option.name)=\(value)", at: 0) }
        }
        return kept + given.filter(\.isTold).flatMap { ["--ignored", $0.name] }
            + rare.flatMap { ["--rare", $0] }
            + arguments[index...]
    }

    /// Whether a variable gives one of them.
    static func knows(_ variable: String) -> Bool { all.contains { $0.variable == variable } }

    private static func find(_ word: String) -> (Option, value: String?)? {
        guard word.hasPrefix("--") else { return nil }
        let parts = word.dropFirst(2).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let option = all.first(where: { $0.name == name }) else {
            return nil
        }
        return (option, parts.count == 2 ? String(parts[1]) : nil)
    }
}

/// The words of Go's flag package for yes and no, and two of our own.
enum GoBool {
    /// - Parameter name: what to call it when the value is neither.
    static func parse(_ value: String, named name: String) throws(Failure) -> Bool {
        switch value.lowercased() {
        case "true", "t", "1", "yes": return true
        case "false", "f", "0", "no": return false
        default:
            throw Failure(.usage, "invalid value `\(value)` for \(name): write true or false")
        }
    }
}
