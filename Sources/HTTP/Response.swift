package import Bytes
package import Transport

/// What a handler answers: a value that the serializer turns into bytes.
package struct Response: Sendable {
    package struct Field: Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    /// Without framing, `Date` and `Connection`, which the connection adds.
    package var fields: [Field]
    package var body: ByteSlice
    /// A body that comes in pieces and goes out as they come; `body` is not looked at then.
    package var stream: StreamedBody?
    /// Field lines that go out as they are, each with its line end: those of another server's answer.
    package var lines: [UInt8] = []
    /// Whether `lines` hold a `Date` already.
    package var hasDate = false
    /// Whether a body that is whole goes out as one chunk, as a streamed one would.
    package var isChunked = false
    /// What goes wrong on purpose while it is sent.
    package var wire: WireFault?
    /// Whether the connection ends after this answer.
    package var closes = false

    package init(status: Int, fields: [Field] = [], body: ByteSlice = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A body in pieces. Sendable unchecked: a response does not leave its loop.
    package final class StreamedBody: @unchecked Sendable {
        package let source: any BodySource

        package init(_ source: any BodySource) { self.source = source }
    }

    /// A text for people, as Go's server writes its own refusals.
    package static func plainText(_ status: Int, _ text: String) -> Response {
        Response(
            status: status, fields: [Field("Content-Type", "text/plain; charset=utf-8")],
            body: Array(text.utf8)[...])
    }

    /// The first value of `name`, spelt as it was added.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
