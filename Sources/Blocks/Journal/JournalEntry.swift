package import Backends
package import Bytes

/// Which of Dapr's APIs a request spoke to.
package enum APIName: String, Sendable, CaseIterable {
    case state
    case metadata
    case healthz
    case shutdown
    case invoke
    case publish
    case secrets
    /// A message on its way from a broker to an application.
    case deliver
    /// What an application wants to subscribe to, asked by its sidecar.
    case subscribe
    /// A call of a WASM guest that reached no sidecar.
    case guest
    case other
}

/// What a request did to one key of a store.
package struct StateRecord: Sendable {
    package enum Operation: String, Sendable, CaseIterable {
        case get
        case set
        case delete
        case query
    }

    package let operation: Operation
    /// The component's name.
    package let store: String
    /// The key as the caller spelt it.
    package let key: ByteSlice

    package init(_ operation: Operation, store: String, key: ByteSlice) {
        self.operation = operation
        self.store = store
        self.key = key
    }
}

/// One request and its answer, as the journal keeps them: exactly-sized bytes of its own, so that
/// an entry never pins a connection's buffers.
package struct JournalEntry: Sendable {
    /// Counts from 1 in the order in which answers were given; never reused.
    package internal(set) var sequence: UInt64 = 0
    /// When the answer was given, on the sandbox's clock.
    package let time: Timestamp
    package let appID: String
    package let api: APIName
    package let status: Int
    package let state: [StateRecord]
    /// nil for an entry that has none.
    private let kept: KeptDetail?
    /// Bytes of the whole request body, whatever was kept of it.
    package let requestBodyLength: Int
    /// Bytes of the whole answer body, whatever was kept of it.
    package let responseBodyLength: Int
    /// FNV-1a (64 bits) of a body that was cut, nil when both are whole.
    package let cutBodiesHash: UInt64?

    private let bytes: [UInt8]
    private let methodEnd: Int32
    private let targetEnd: Int32
    private let headEnd: Int32
    private let requestEnd: Int32

    /// Copies what it keeps.
    ///
    /// - Parameter head: the request's header lines, its empty line included.
    package init(
        time: Timestamp, appID: String, api: APIName, status: Int, state: [StateRecord],
        detail: JournalDetail = JournalDetail(), head: ByteSlice, method: ByteSlice,
        target: ByteSlice, requestBody: ByteSlice, responseBody: ByteSlice
    ) {
        self.time = time
        self.appID = appID
        self.api = api
        self.status = status
        self.state = state
        kept = detail.isEmpty ? nil : KeptDetail(detail)
        requestBodyLength = requestBody.count
        responseBodyLength = responseBody.count
        let request = requestBody.prefix(JournalLimits.keptBodyBytes)
        let response = responseBody.prefix(JournalLimits.keptBodyBytes)
        let isCut = request.count < requestBody.count || response.count < responseBody.count
        cutBodiesHash = isCut ? Self.fnv1a(requestBody, responseBody) : nil
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            method.count + target.count + head.count + request.count + response.count)
        bytes.append(contentsOf: method)
        methodEnd = Int32(bytes.count)
        bytes.append(contentsOf: target)
        targetEnd = Int32(bytes.count)
        bytes.append(contentsOf: head)
        headEnd = Int32(bytes.count)
        bytes.append(contentsOf: request)
        requestEnd = Int32(bytes.count)
        bytes.append(contentsOf: response)
        self.bytes = bytes
    }

    package var detail: JournalDetail { kept?.detail ?? JournalDetail() }
    /// nil for what is about no message.
    package var message: MessageRecord? { kept?.detail.message }

    package var method: ByteSlice { bytes[..<Int(methodEnd)] }
    /// Path and query as they came.
    package var target: ByteSlice { bytes[Int(methodEnd)..<Int(targetEnd)] }
    /// The same without the query.
    package var path: ByteSlice { target.prefix { $0 != UInt8(ascii: "?") } }
    /// What follows the first `?`; nil when there is none.
    package var query: ByteSlice? {
        target.index(of: UInt8(ascii: "?")).map { target[($0 + 1)...] }
    }
    /// The request's header lines, its empty line included.
    package var head: ByteSlice { bytes[Int(targetEnd)..<Int(headEnd)] }
    /// What was kept of the request's body.
    package var requestBody: ByteSlice { bytes[Int(headEnd)..<Int(requestEnd)] }
    /// What was kept of the answer's body.
    package var responseBody: ByteSlice { bytes[Int(requestEnd)...] }

    /// What the entry counts against the journal's bound, in bytes.
    var cost: Int {
        state.reduce(bytes.count + 160 + (kept?.detail.cost ?? 0)) { $0 + 64 + $1.key.count }
    }

    private static func fnv1a(_ bodies: ByteSlice...) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for body in bodies { for byte in body { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        return hash
    }
}
