internal import Bytes
internal import JSON
internal import Transport

/// One request to the control API, put together from a command line.
struct ControlRequest: Sendable {
    var method: String
    /// What follows `/_fakedapr`: `/journal?app=cart`.
    var target: String
    var body: ControlBody?
    /// How long the answer may take.
    var patience = Duration.seconds(60)

    static func get(_ target: String) -> ControlRequest {
        ControlRequest(method: "GET", target: target)
    }

    static func post(_ target: String, _ body: ControlBody? = nil) -> ControlRequest {
        ControlRequest(method: "POST", target: target, body: body)
    }

    static func delete(_ target: String) -> ControlRequest {
        ControlRequest(method: "DELETE", target: target)
    }
}

/// A document, JSON or YAML, and where it stands.
struct ControlBody: Sendable {
    /// The file's name; nil for what the command has put together.
    var name: String?
    var bytes: ByteSlice

    init(_ value: JSONValue) { bytes = Array(value.text.utf8)[...] }

    /// What a word of the command line names: `{…}` or `[…]` itself, `-` standard input, or a file.
    init(word: String) throws(Failure) {
        if let first = word.first(where: { !$0.isWhitespace }), first == "{" || first == "[" {
            (name, bytes) = ("the command line", Array(word.utf8)[...])
            return
        }
        name = word == "-" ? "standard input" : word
        bytes = try FileContents.readNamed(word == "-" ? "/dev/stdin" : word, as: word)[...]
    }
}

/// Parts of a target, escaped.
enum ControlTarget {
    /// `/snapshots/a%20b`
    static func path(_ parts: String...) -> String {
        parts.map { "/" + escaped($0) }.joined()
    }

    /// `?app=cart&key=a%26b`; empty for no pairs.
    static func query(_ pairs: [(name: String, value: String)]) -> String {
        guard !pairs.isEmpty else { return "" }
        return "?" + pairs.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        String(text: Percent.escaped(text.utf8, keeping: Percent.isUnreserved)[...])
    }
}
