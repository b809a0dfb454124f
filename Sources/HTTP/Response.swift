package import Bytes

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
    /// Whether the connection ends after this answer.
    package var closes = false

    package init(status: Int, fields: [Field] = [], body: ByteSlice = []) {
        self.status = status
        self.fields = fields
        self.body = body
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
