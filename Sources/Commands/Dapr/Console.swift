internal import Backends
internal import JSON

/// What the `dapr` command line tells, in its own symbols: others' tests match on these lines.
///
/// Successes and the like go to standard output, failures to standard error.
struct Console: Sendable {
    enum Kind: String {
        case success, failure, warning, info, pending

        /// Two blanks follow. The warning's has no variation selector, the information's has one.
        fileprivate var symbol: String {
            switch self {
            case .success: "✅  "
            case .failure: "❌  "
            case .warning: "\u{26A0}  "
            case .info: "\u{2139}\u{FE0F}  "
            case .pending: "⌛  "
            }
        }
    }

    /// `--log-as-json`: a JSON object per line.
    var isJSON = false
    /// `--output json`: what is printed in place of everything that would go to standard output.
    var result: CommandResult?

    func success(_ text: String) { tell(.success, text) }
    func failure(_ text: String) { tell(.failure, text) }
    func warning(_ text: String) { tell(.warning, text) }
    func info(_ text: String) { tell(.info, text) }
    func pending(_ text: String) { tell(.pending, text) }

    /// A line without a symbol.
    func plain(_ text: String) {
        guard let result else { return StandardOutput.write(text) }
        result.tell(text)
    }

    private func tell(_ kind: Kind, _ text: String) {
        if let result {
            guard kind == .failure else { return result.tell(text) }
            // A script that reads the result need not read what people read, and the reverse.
            result.fail(text)
        }
        let line = isJSON ? Self.json(kind, text) : kind.symbol + text
        if kind == .failure { StandardError.write(line) } else { StandardOutput.write(line) }
    }

    private static func json(_ kind: Kind, _ text: String) -> String {
        var writer = JSONWriter(escapesHTML: false)
        writer.beginObject()
        writer.member("time", RealClock().now.rfc3339)
        writer.member("status", kind.rawValue)
        writer.member("msg", text)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
