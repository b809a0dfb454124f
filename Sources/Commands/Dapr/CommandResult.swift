internal import JSON
internal import Transport

/// What `--output json` prints: one value, of the command's own making or put together from what it
/// would have told.
final class CommandResult: Sendable {
    private struct State {
        var value: JSONValue?
        /// JSON in a form of its own, its line end included if it has one.
        var text: String?
        var told: [String] = []
        var failures: [String] = []
    }

    private let state = Guarded(State())

    /// Takes the value that is printed in place of what was told.
    func set(_ value: JSONValue) { state.withLock { $0.value = value } }

    /// The same, where the form is Dapr's.
    func set(text: String) { state.withLock { $0.text = text } }

    func tell(_ text: String) { state.withLock { $0.told.append(text) } }

    func fail(_ text: String) { state.withLock { $0.failures.append(text) } }

    /// Prints it to standard output.
    func write(_ status: Int32) {
        let text = state.withLock { $0.text } ?? "\(value(status).text)\n"
        StandardStreams.write(Array(text.utf8)[...], to: 1)
    }

    /// The command's value; else `{"messages":[…]}`; `{"error":…,"status":…}` when it has failed
    /// without one.
    private func value(_ status: Int32) -> JSONValue {
        let state = self.state.withLock { $0 }
        if let value = state.value { return value }
        guard status == 0 || state.failures.isEmpty else {
            return .object([
                .init("error", .string(state.failures.joined(separator: "\n"))),
                .init("status", .number(String(status))),
            ])
        }
        let texts = state.told + state.failures
        return .object([.init("messages", .array(texts.map { .string($0) }))])
    }
}

extension JSONValue {
    /// Members by name, those without a value left out.
    static func members(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    static func number(_ number: Int) -> JSONValue { .number(String(number)) }
}
