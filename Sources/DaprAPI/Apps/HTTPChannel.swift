package import Blocks
package import Bytes
package import HTTP
package import Transport

/// A way to one server over HTTP/1.1: the sidecar's to its application, to a peer, to an external URL.
///
/// Confined to the sandbox's loop.
package final class HTTPChannel: AppChannel {
    /// Where requests go.
    package struct Origin {
        package var host: String
        package var port: UInt16
        /// What stands before every target: `/base`, without a slash at its end.
        package var base: ByteSlice

        package init(host: String, port: UInt16, base: ByteSlice = []) {
            self.host = host
            self.port = port
            self.base = base
        }

        /// `127.0.0.1:3000`, `[::1]:3000`
        var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }

    package var isHealthy = true
    private let origin: Origin
    private let authority: String
    private let upstream: Upstream
    private let gate: Gate?
    private let token: String?
    /// Stands in every request.
    private let field: AppField?

    /// - Parameters:
    ///   - maxConcurrency: requests at a time at most; nil for any number.
    ///   - token: sent as `dapr-api-token` in place of any other.
    ///   - field: sent with every request, in place of any other of its name.
    package init(
        to origin: Origin, maxConcurrency: Int? = nil, token: String? = nil,
        field: AppField? = nil, limits: HTTPLimits, on loop: EventLoop
    ) {
        self.field = field
        self.origin = origin
        self.token = token
        authority = origin.authority
        upstream = Upstream(host: origin.host, port: origin.port, limits: limits, on: loop)
        gate = maxConcurrency.map { Gate(places: $0) }
    }

    package func close() { upstream.close() }

    package func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
        guard isHealthy else { throw .unhealthy }
        await gate?.enter()
        defer { gate?.leave() }
        return try await send(request, token: token)
    }

    /// Health checks carry no token, as daprd's do not.
    package func probe(
        _ request: AppRequest
    ) async throws(AppChannelError) -> AppResponse {
        try await send(request, token: nil)
    }

    private func send(
        _ request: AppRequest, token: String?
    ) async throws(AppChannelError) -> AppResponse {
        let target = origin.base.isEmpty ? request.target : origin.base + request.target
        var writer = RequestWriter(method: request.method, target: target, host: authority)
        for field in request.fields
        where token == nil || !field.name.equalsIgnoringCase("dapr-api-token") {
            if let own = self.field, own.name.equalsIgnoringCase(field.name) { continue }
            writer.add(field.name, field.value)
        }
        if let field { writer.add(field.name, field.value) }
        if let token { writer.add("dapr-api-token", token) }
        do throws(ExchangeError) {
            let answer = try await upstream.exchange(
                writer, body: Self.body(request), framing: Self.framing(request),
                isHEAD: request.method == "HEAD", isIdempotent: Self.isIdempotent(request.method),
                deadline: request.deadline)
            return Self.response(answer)
        } catch {
            throw failure(error, request)
        }
    }

    // MARK: Out

    private static func body(_ request: AppRequest) -> OutgoingBody {
        switch request.body {
        case .stream(let source): .stream(source)
        case .bytes(let bytes): .bytes(bytes)
        }
    }

    /// Go's client sends an empty body of a method that usually has one as an empty chunked one.
    private static func framing(_ request: AppRequest) -> RequestWriter.Framing {
        guard case .bytes(let bytes) = request.body, bytes.isEmpty else { return .length }
        return switch request.method {
        case "POST", "PUT", "PATCH": .chunked
        default: .none
        }
    }

    private static func isIdempotent(_ method: String) -> Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS", "TRACE": true
        default: false
        }
    }

    // MARK: Back

    private static func response(_ answer: UpstreamResponse) -> AppResponse {
        var fields: [AppField] = []
        fields.reserveCapacity(answer.fields.count)
        for index in 0..<answer.fields.count {
            fields.append(AppField(answer.fields, index))
        }
        let body: AppBody =
            switch answer.body {
            case .bytes(let bytes): .bytes(bytes)
            case .stream(let source): .stream(source)
            }
        return AppResponse(status: answer.status, fields: fields, body: body)
    }

    private func failure(_ error: ExchangeError, _ request: AppRequest) -> AppChannelError {
        let detail: String
        switch error {
        case .cannotConnect(let reason) where reason.call == "getaddrinfo":
            detail = "dial tcp: lookup \(origin.host): no such host"
        case .cannotConnect(let reason):
            detail = "dial tcp \(authority): connect: \(reason.reason.lowercased())"
        case .disconnected: detail = "EOF"
        case .timedOut: return .timedOut
        case .malformed(let problem):
            detail = "net/http: HTTP/1.x transport connection broken: \(problem.explanation)"
        case .tooLarge: detail = "response body too large"
        case .body(.tooLarge): detail = "stream too large"
        case .body(let error): return .body(error)
        }
        // As Go's client words it: `Get "http://127.0.0.1:3000/x": dial tcp …`.
        let method = AppRequest.verb(request.method)
        let target = String(text: origin.base + request.target)
        return .failed("\(method) \"http://\(authority)\(target)\": \(detail)")
    }
}

/// Lets so many through at a time, the others in the order of their coming.
final class Gate {
    private var free: Int
    private var waiting: [Suspension<Void>] = []

    init(places: Int) { free = places }

    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await Suspension<Void>.suspend { suspension in
            // Others may have run before it came to this.
            guard free == 0 else {
                free -= 1
                return suspension.resume()
            }
            waiting.append(suspension)
        }
    }

    func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}
