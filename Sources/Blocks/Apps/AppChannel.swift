package import Bytes
package import Transport

/// The sidecar's way to its application: requests out, answers back, over pooled connections.
///
/// Confined to the sandbox's loop. What stands behind it (HTTP) is known above this layer only.
package protocol AppChannel: AnyObject {
    /// Sends one request to the application and returns its answer once the head has come.
    func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse

    /// The same past health checks and the bound on concurrency: for the checks themselves.
    func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse

    /// What app health checks say; true without them. An application that is not well is not called.
    var isHealthy: Bool { get set }
}

/// A request to an application or to another sidecar. Framing, `Host` and connection fields are the
/// channel's own.
package struct AppRequest {
    package var method: String
    /// Path and query, escaped: `/orders/1?a=b`.
    package var target: ByteSlice
    /// In their order, duplicates kept.
    package var fields: [AppField]
    package var body: AppBody
    /// When the head of the answer must have come; nil for no bound.
    package var deadline: MonotonicTime?

    package init(
        method: String, target: ByteSlice, fields: [AppField] = [], body: AppBody = .bytes([]),
        deadline: MonotonicTime? = nil
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.deadline = deadline
    }
}

extension AppRequest {
    /// A method as Go's client names it in its errors: `Get`, `Post`.
    package static func verb(_ method: String) -> String {
        method.prefix(1) + method.dropFirst().lowercased()
    }
}

/// An answer whose head has come.
package struct AppResponse {
    package var status: Int
    package var fields: [AppField]
    package var body: AppBody

    package init(status: Int, fields: [AppField], body: AppBody) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// One header field, as it came.
///
/// One slice that holds name and value: a request's fields are handed on ten times, and each copy of
/// a slice is counted.
package struct AppField: Sendable, Equatable {
    private let line: ByteSlice
    private let nameEnd: Int
    private let valueStart: Int

    /// - Parameters:
    ///   - line: name and value, and whatever stands between them.
    ///   - nameEnd: the index in `line` at which the name ends.
    ///   - valueStart: the index in `line` at which the value begins.
    package init(line: ByteSlice, nameEnd: Int, valueStart: Int) {
        self.line = line
        self.nameEnd = nameEnd
        self.valueStart = valueStart
    }

    package init(_ name: ByteSlice, _ value: ByteSlice) {
        let line = Array(name) + value
        self.init(line: line[...], nameEnd: name.count, valueStart: name.count)
    }

    package init(_ name: String, _ value: String) {
        let line = Array(name.utf8) + value.utf8
        self.init(line: line[...], nameEnd: name.utf8.count, valueStart: name.utf8.count)
    }

    package var name: ByteSlice { line[..<nameEnd] }
    package var value: ByteSlice { line[valueStart...] }

    package static func == (one: AppField, other: AppField) -> Bool {
        one.name == other.name && one.value == other.value
    }
}

package enum AppBody {
    /// All of it is there.
    case bytes(ByteSlice)
    /// It is still coming.
    case stream(any BodySource)
}

/// Why a request got no answer.
package enum AppChannelError: Error {
    /// The sidecar has no application.
    case notInitialized
    /// Health checks say that the application is not well.
    case unhealthy
    /// Dapr's own words: `Get "http://127.0.0.1:3000/x": dial tcp 127.0.0.1:3000: connect: …`.
    case failed(String)
    case timedOut
    /// The request's own body gave out.
    case body(BodySourceError)
}
