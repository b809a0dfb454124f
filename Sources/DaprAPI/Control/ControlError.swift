internal import HTTP
internal import JSON
internal import YAML

/// Why a control request was not done, as fakedapr's own API answers it.
struct ControlError: Error {
    let status: Int
    let code: String
    let message: String
    /// More members of the answer, in their order.
    var details: [JSONValue.Member] = []

    init(_ status: Int, _ code: String, _ message: String, details: [JSONValue.Member] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    /// 400: what was sent is not what is taken; where, and how to mend it.
    init(_ diagnostic: Diagnostic) {
        self.init(400, "FAKEDAPR_BAD_REQUEST", diagnostic.message)
        details.append(.init("line", .number(String(diagnostic.span.start.line))))
        details.append(.init("column", .number(String(diagnostic.span.start.column))))
        if let hint = diagnostic.hint { details.append(.init("hint", .string(hint))) }
        details.append(.init("text", .string(diagnostic.rendered)))
    }

    /// 400 without a place.
    static func badRequest(_ message: String) -> ControlError {
        ControlError(400, "FAKEDAPR_BAD_REQUEST", message)
    }

    /// 404: there is no such thing.
    static func notFound(_ message: String) -> ControlError {
        ControlError(404, "FAKEDAPR_NOT_FOUND", message)
    }

    /// The error as an answer.
    var response: Response {
        let own = [
            JSONValue.Member("errorCode", .string(code)), .init("message", .string(message)),
        ]
        return .json(status, .object(own + details))
    }
}

extension Response {
    /// A JSON answer.
    static func json(_ status: Int, _ value: JSONValue) -> Response {
        .json(status, Array(value.text.utf8))
    }
}
