internal import Bytes
internal import HTTP

extension Response {
    /// 204, which most of Dapr's writes answer.
    static var noContent: Response { Response(status: 204) }

    /// A JSON answer.
    static func json(_ status: Int, _ body: [UInt8]) -> Response {
        Response(status: status, fields: [.contentTypeJSON], body: body[...])
    }
}

extension Response.Field {
    /// As Dapr writes it: no charset.
    static let contentTypeJSON = Response.Field("Content-Type", "application/json")
}
