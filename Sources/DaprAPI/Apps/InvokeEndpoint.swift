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
        let peer = head.fields["fakedapr-caller"].map { String(text: $0) }
        do throws(InvocationError) {
            return try await invoke(call, target, trace: trace, from: peer)
        } catch {
            var response = APIError.invocation(target.id, error.text).response
            if peer != nil { response.fields.append(.init(peerErrorField, error.text)) }
            return response
        }
    }

    private static func invoke(
        _ call: Call, _ target: InvocationTarget, trace: String?, from peer: String?
    ) async throws(InvocationError) -> Response {
        let sidecar = call.sidecar
        let request = try await request(call, target, trace: trace)
        let block = sidecar.invocation(from: peer)
        let destination = try await block.destination(target.id)
        var outgoing = request
        if case .peer = destination { outgoing = wrapped(request, target, sidecar) }
        let answer = try await block.call(destination, outgoing, id: target.id)
        if case .peer = destination, let error = answer.fields.value(of: peerErrorField) {
            await answer.body.discard()
            throw InvocationError(String(text: error))
        }
        return await response(answer, call, trace: trace)
    }

    // MARK: Out

    private static func request(
        _ call: Call, _ target: InvocationTarget, trace: String?
    ) async throws(InvocationError) -> AppRequest {
        let head = call.request.head
        let path: ByteSlice
        do throws(MethodPath.Refusal) { path = try MethodPath.cleaned(target.method) } catch {
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
                head.fields, stripsToken: call.sidecar.settings.apiToken != nil))
        if let trace { set(trace, in: &request) }
        request.body = try await body(call)
        return request
    }

    /// The verbs that Dapr knows; any other is a POST.
    private static func verb(_ method: ByteSlice) -> String {
        let text = String(text: method)
        let known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]
        return known.contains(text) ? text : "POST"
    }

    private static func set(_ trace: String, in request: inout AppRequest) {
        request.fields.removeAll { $0.name.equalsIgnoringCase("traceparent") }
        request.fields.append(AppField("Traceparent", trace))
    }

    private static func body(_ call: Call) async throws(InvocationError) -> AppBody {
        let body = call.request.body
        let limit = call.sidecar.settings.maxBodySize ?? .max
        if let length = body.remaining, length <= smallBody || length > limit {
            do throws(APIError) {
                return .bytes(try await call.readBody { APIError(500, "", $0) })
            } catch {
                throw InvocationError(error.message)
            }
        }
        return .stream(await body.source(upTo: limit))
    }

    /// For another sidecar, which finds the callee by the path and learns who calls.
    private static func wrapped(
        _ request: AppRequest, _ target: InvocationTarget, _ sidecar: Sidecar
    ) -> AppRequest {
        var request = request
        let name = target.id.prefix { $0 != "." }
        // Escaped once more, because the other sidecar decodes once more.
        let path = request.target.prefix { $0 != UInt8(ascii: "?") }
        let query = request.target[path.endIndex...]
        var again: [UInt8] = Array("/v1.0/invoke/\(name)/method".utf8)
        for byte in path {
            if byte == UInt8(ascii: "%") {
                again.append(contentsOf: "%25".utf8)
            } else {
                again.append(byte)
            }
        }
        again.append(contentsOf: query)
        request.target = again[...]
        request.fields.append(AppField(peerField, "\(sidecar.appID) \(sidecar.namespace)"))
        return request
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

extension AppBody {
    /// All of it, or what came before it broke off.
    fileprivate func collectWhatComes() async -> ByteSlice {
        switch self {
        case .bytes(let bytes): return bytes
        case .stream(let source):
            var collected: ByteSlice = []
            while let piece = (try? await source.next()) ?? nil {
                collected.append(contentsOf: piece)
            }
            return collected
        }
    }
}

extension [AppField] {
    fileprivate func value(of name: String) -> ByteSlice? {
        let bytes = [UInt8](name.utf8)[...]
        return first { $0.name.equalsIgnoringCase(bytes) }?.value
    }
}
