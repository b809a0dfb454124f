internal import Bytes
package import HTTP
internal import JSON

/// An error as Dapr's HTTP API answers it.
package struct APIError: Error {
    /// One object of the `details` array (google.rpc error details).
    enum Detail {
        /// `metadata` nil is written as `null`, which is what Dapr does when the code passes no map.
        case errorInfo(reason: String, metadata: KeyValuePairs<String, String>?)
        case errorInfoOf(reason: String, metadata: [String: String])
        case resourceInfo(type: String, name: String, description: String)
        case badRequest(field: String?, description: String)
        case help(url: String, description: String)
    }

    let status: Int
    let code: String
    let message: String
    let details: [Detail]

    init(_ status: Int, _ code: String, _ message: String, _ details: Detail...) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    /// The error as an answer.
    package var response: Response {
        Response.json(status, body)
    }

    private var body: [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("errorCode", code)
        writer.member("message", message)
        if !details.isEmpty {
            writer.key("details")
            writer.beginArray()
            for detail in details { detail.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}

extension APIError.Detail {
    /// Members in alphabetical order, as Dapr's encoder leaves them.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("@type", "type.googleapis.com/google.rpc.\(typeName)")
        switch self {
        case .errorInfo(let reason, let metadata):
            writer.member("domain", "dapr.io")
            writer.key("metadata")
            Self.write(metadata, to: &writer)
            writer.member("reason", reason)
        case .errorInfoOf(let reason, let metadata):
            writer.member("domain", "dapr.io")
            writer.key("metadata")
            writer.beginObject()
            for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
                writer.member(name, value)
            }
            writer.endObject()
            writer.member("reason", reason)
        case .resourceInfo(let type, let name, let description):
            writer.member("description", description)
            writer.member("owner", "")
            writer.member("resource_name", name)
            writer.member("resource_type", type)
        case .badRequest(let field, let description):
            writer.key("field_violations")
            writer.beginArray()
            writer.beginObject()
            if let field { writer.member("field", field) }
            writer.member("description", description)
            writer.endObject()
            writer.endArray()
        case .help(let url, let description):
            writer.key("links")
            writer.beginArray()
            writer.beginObject()
            writer.member("description", description)
            writer.member("url", url)
            writer.endObject()
            writer.endArray()
        }
        writer.endObject()
    }

    private var typeName: String {
        switch self {
        case .errorInfo, .errorInfoOf: "ErrorInfo"
        case .resourceInfo: "ResourceInfo"
        case .badRequest: "BadRequest"
        case .help: "Help"
        }
    }

    private static func write(
        _ metadata: KeyValuePairs<String, String>?, to writer: inout JSONWriter
    ) {
        guard let metadata else { return writer.null() }
        writer.beginObject()
        for (name, value) in metadata { writer.member(name, value) }
        writer.endObject()
    }
}
