package import JSON
package import YAML

/// The body of a request or an answer as a file describes it.
package enum MessageBody: Sendable {
    case text(Template)
    /// Variables are filled in where texts are, so that what they hold cannot break the JSON.
    case json(JSONValue, at: SourceSpan)
}

extension SourceText {
    /// `headers`, and `body` or `json`, which brings its content type.
    package func message(
        _ reader: KeyedReader, of what: String
    ) throws(Diagnostic) -> (headers: [(name: String, value: Template)], body: MessageBody?) {
        var headers: [(name: String, value: Template)] = []
        if let fields = reader["headers"] {
            for member in try members(fields) {
                headers.append((member.name, try template(member.value)))
            }
        }
        let body = try reader["body"].map { node throws(Diagnostic) in try template(node) }
        guard let json = reader["json"] else {
            return (headers, body.map { .text($0) })
        }
        guard body == nil else {
            throw refused("\(what) has one body: `body` or `json`", json)
        }
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append(("Content-Type", Template("application/json", at: json.span)))
        }
        return (headers, .json(JSONValue(json), at: json.span))
    }
}
