internal import Bytes
internal import HTTP
internal import Transport

/// One request to a running sidecar, for a command that ends with its answer.
struct SidecarCall {
    private let address: SocketAddress
    private let host: String
    private let token: String?
    private var fields: [Response.Field] = []

    init(to entry: SidecarEntry) {
        address = entry.address
        host = "127.0.0.1:\(entry.address.port)"
        token = entry.token
    }

    /// - Parameters:
    ///   - url: `http://127.0.0.1:3500`, or `unix:///path/of/socket`.
    ///   - token: empty for none.
    ///   - fields: sent with every request.
    init(url: String, token: String, fields: [Response.Field]) throws(Failure) {
        self.token = token.isEmpty ? nil : token
        self.fields = fields
        if url.hasPrefix("unix://") {
            (address, host) = (.unix(path: String(url.dropFirst("unix://".count))), "localhost")
            return
        }
        guard let parts = PlainURL(url) else {
            throw Failure(
                .usage, "invalid --url `\(url)`: write http://127.0.0.1:3500 or unix:///path")
        }
        guard let found = Resolver.resolveBlocking(parts.host, port: parts.port).first else {
            throw Failure(.runtime, "cannot reach \(url): the host \(parts.host) is unknown")
        }
        (address, host) = (found, parts.authority)
    }

    /// - Parameter socketFolder: what `--unix-domain-socket` names.
    init(to appID: String, socketFolder: String) {
        address = .unix(path: "\(socketFolder)/dapr-\(appID)-http.socket")
        host = "127.0.0.1:0"
        token = ProcessEnvironment["DAPR_API_TOKEN"]
    }

    /// The URL of a target, for messages.
    func url(_ target: String) -> String {
        if case .unix = address { return "http://unix\(target)" }
        return "http://127.0.0.1:\(address.port)\(target)"
    }

    func send(
        _ method: String, _ target: String, body: ByteSlice = [], type: String? = nil,
        within limit: Duration = .seconds(60)
    ) async throws(CallError) -> (status: Int, body: ByteSlice) {
        let request = request(method, target, body, type)
        let loop: EventLoop
        do throws(SystemError) { loop = try EventLoop() } catch {
            throw CallError(text: error.reason)
        }
        defer { loop.stop() }
        let address = address
        do {
            let answer = try await loop.run { (loop) async throws -> IncomingResponse in
                let deadline = Reactor.monotonicNow() + limit.nanoseconds
                let connection = try await ClientConnection(
                    to: address, limits: HTTPLimits(), deadline: deadline, on: loop.reactor)
                defer { connection.close() }
                return try await connection.send(request, limit: 64 << 20, deadline: deadline)
            }
            return (answer.status, answer.body)
        } catch let error as ExchangeError {
            throw CallError(text: Self.text(error))
        } catch {
            throw CallError(text: "\(error)")
        }
    }

    private func request(
        _ method: String, _ target: String, _ body: ByteSlice, _ type: String?
    ) -> OutgoingRequest {
        var fields = self.fields
        if let type { fields.append(Response.Field("Content-Type", type)) }
        if let token { fields.append(Response.Field("dapr-api-token", token)) }
        return OutgoingRequest(
            method: method, target: Array(target.utf8)[...], host: host,
            fields: fields, body: body)
    }

    /// Reads an answer that goes on and on, on the caller's own loop; returns when it ends.
    ///
    /// - Parameter take: gets the pieces; false ends it.
    func stream(
        _ target: String, on reactor: Reactor, _ take: (ByteSlice) -> Bool
    ) async throws(CallError) {
        let deadline = Reactor.monotonicNow() + Duration.seconds(10).nanoseconds
        do {
            let connection = try await ClientConnection(
                to: address, limits: HTTPLimits(), deadline: deadline, on: reactor)
            defer { connection.close() }
            let answer = try await connection.open(
                request("GET", target, [], nil), deadline: deadline)
            guard answer.status == 200 else { throw CallError(text: "it answers \(answer.status)") }
            while let piece = try await answer.body.next(), take(piece) {}
        } catch let error as ExchangeError {
            throw CallError(text: Self.text(error))
        } catch let error as CallError {
            throw error
        } catch {
            throw CallError(text: "the connection was closed")
        }
    }

    private static func text(_ error: ExchangeError) -> String {
        switch error {
        case .cannotConnect(let error): error.reason
        case .disconnected, .body: "the connection was closed"
        case .timedOut: "it took too long"
        case .malformed: "the answer is no HTTP"
        case .tooLarge: "the answer is too large"
        }
    }
}

/// Why a sidecar did not answer.
struct CallError: Error {
    let text: String
}

/// What `--data` or `--data-file` give.
enum CallData {
    static func read(_ options: ParsedOptions, _ command: String) throws(Failure) -> [UInt8] {
        if options["data"] != nil, options["data-file"] != nil {
            throw Failure(
                .usage, "Only one of --data and --data-file allowed in the same \(command) command")
        }
        if let text = options["data"] { return Array(text.utf8) }
        guard let file = options["data-file"] else { return [] }
        do throws(SystemError) { return try FileContents.read(file) } catch {
            throw Failure(.file, "Error reading payload from '\(file)'. Error: \(error.reason)")
        }
    }
}
