internal import Blocks
internal import Bytes
internal import HTTP
internal import Transport

/// Service invocation: what every request that no route takes is (invoke.md of the specification).
enum InvokeEndpoint {
    /// What a sidecar says to another one: who calls.
    static let peerField = "fakedapr-caller"
    /// What the other one answers when no application did.
    static let peerErrorField = "fakedapr-error"
    /// A request's body of this size at most is read whole before it is sent on: one write, and it
    /// can be sent again.
    private static let smallBody = 64 << 10

    static func handle(
        _ call: Call, trace: String?
    ) async throws(APIError) -> Response {
        let head = call.request.head
        guard let target = InvocationTarget.find(in: head) else { throw .noTarget }
        if !target.isPlain(in: head.path) { call.detail.callee = target.id }
        try await call.meetFaults(.invoke, callee: target.id)
        let peer = head.fields["fakedapr-caller"].map { String(text: $0) }
        do throws(InvocationError) {
            return try await invoke(call, target, trace: trace, from: peer)
        } catch {
            call.errorCode = "ERR_DIRECT_INVOKE"
            var response = APIError.invocation(target.id, error.text).response
            if peer != nil { response.fields.append(.init(peerErrorField, error.text)) }
            return response
        }
    }

    private static func invoke(
        _ call: Call, _ target: InvocationTarget, trace: String?, from peer: String?
    ) async throws(InvocationError) -> Response {
        // A policy is the caller's: the callee's sidecar adds none.
        let policy = peer == nil ? policy(for: target, call.sidecar) : nil
        let request = try await request(
            call, target, trace: trace, repeats: policy?.mayRepeat ?? false)
        let invocation = Invocation(
            block: call.sidecar.invocation(from: peer), sidecar: call.sidecar, target: target,
            request: request, caller: call.request.body)
        let answer =
            if let policy { try await invocation.answer(under: policy) } else {
                try await invocation.answer()
            }
        return await response(answer, call, trace: trace)
    }

    private static func policy(
        for target: InvocationTarget, _ sidecar: Sidecar
    ) -> ResiliencyPolicy? {
        let policies = sidecar.resiliency
        guard !policies.isEmpty else { return nil }
        let path = (try? MethodPath.cleaned(target)) ?? target.method
        let method = String(text: path.drop { $0 == UInt8(ascii: "/") })
        if let endpoint = sidecar.httpEndpoints.first(where: { $0.name == target.id }) {
            return policies.endpoint(endpoint.name, baseURL: endpoint.baseURL)
        }
        if target.id.hasPrefix("http://") || target.id.hasPrefix("https://") {
            return policies.external(target.id, method: method)
        }
        return policies.app(target.id, method: method)
    }

    // MARK: Out

    private static func request(
        _ call: Call, _ target: InvocationTarget, trace: String?, repeats: Bool
    ) async throws(InvocationError) -> AppRequest {
        let head = call.request.head
        if head.method.equals("CONNECT") { throw InvocationError("invalid HTTP verb") }
        let path: ByteSlice
        do throws(MethodPath.Refusal) { path = try MethodPath.cleaned(target) } catch {
            throw InvocationError(
                "rpc error: code = InvalidArgument desc = invalid method: \(error.text)")
        }
        guard var line = MethodPath.escaped(path) else {
            throw InvocationError(
                "parse \(GoQuote.quoted(path)): invalid URL escape")
        }
        if let query = head.query, !query.isEmpty { line = line + [UInt8(ascii: "?")] + query }
        var request = AppRequest(
            method: verb(head.method), target: line,
            fields: InvocationFields.request(
                head.fields, stripsToken: call.sidecar.settings.apiToken != nil, trace: trace))
        request.body = try await body(call, isKept: repeats)
        return request
    }

    /// The verbs that Dapr knows; any other is a POST.
    private static func verb(_ method: ByteSlice) -> String {
        verbs.first { method.equals(utf8: $0) } ?? "POST"
    }

    private static let verbs = [
        "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE",
    ]

    /// - Parameter isKept: whether a body whose length is known may have to be sent again.
    private static func body(
        _ call: Call, isKept: Bool
    ) async throws(InvocationError) -> AppBody {
        let body = call.request.body
        let limit = call.sidecar.settings.maxBodySize ?? .max
        if let length = body.remaining, isKept || length <= smallBody || length > limit {
            do throws(APIError) {
                return .bytes(try await call.readBody { APIError(500, "", $0) })
            } catch {
                throw InvocationError(error.message)
            }
        }
        return .stream(await body.source(upTo: limit))
    }

    // MARK: Back

    private static func response(
        _ answer: AppResponse, _ call: Call, trace: String?
    ) async -> Response {
        let accept = call.request.head.fields["accept"]
        let isEventStream = accept?.equals("text/event-stream") ?? false
        var fields = InvocationFields.response(answer.fields, isEventStream: isEventStream)
        var response = Response(status: answer.status)
        if isEventStream {
            response.fields.append(.init("Content-Type", "text/event-stream"))
            response.fields.append(.init("Cache-Control", "no-cache"))
            fields.hasContentType = true
        }
        call.hasTrace = fields.hasTrace
        response.lines = fields.lines
        response.hasDate = fields.hasDate
        if answer.status >= 400 {
            // Dapr reads a refusal whole, however much of it came.
            response.body = await answer.body.collectWhatComes()
            if !fields.hasContentType {
                response.fields.append(.init("Content-Type", "application/json"))
            }
            return response
        }
        switch answer.body {
        case .bytes(let bytes):
            response.body = bytes
            // Dapr's answer is flushed as it comes: in chunks, unless there is nothing.
            response.isChunked = !bytes.isEmpty
            if !fields.hasContentType, !bytes.isEmpty {
                response.fields.append(.init("Content-Type", ContentSniffer.type(of: bytes)))
            }
        case .stream(let source):
            let first = (try? await source.next()) ?? nil
            if !fields.hasContentType, let first {
                response.fields.append(.init("Content-Type", ContentSniffer.type(of: first)))
            }
            response.stream = .init(LenientBody(first, source))
        }
        return response
    }
}

/// An application's body as Dapr hands it on: one that breaks off ends there, as if it were whole.
private final class LenientBody: BodySource {
    private var first: ByteSlice?
    private let source: any BodySource

    init(_ first: ByteSlice?, _ source: any BodySource) {
        self.first = first
        self.source = source
    }

    var remaining: Int? { nil }

    func next() async throws(BodySourceError) -> ByteSlice? {
        if let piece = first {
            first = nil
            return piece
        }
        return (try? await source.next()) ?? nil
    }

    func cancel() { source.cancel() }
}
