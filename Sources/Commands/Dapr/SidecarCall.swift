internal import Bytes
internal import HTTP
internal import Transport

/// One request to a running sidecar, for a command that ends with its answer.
struct SidecarCall {
    private let address: SocketAddress
    private let token: String?

    init(to entry: SidecarEntry) {
        address = entry.address
        token = entry.token
    }

    /// - Parameter socketFolder: what `--unix-domain-socket` names.
    init(to appID: String, socketFolder: String) {
        address = .unix(path: "\(socketFolder)/dapr-\(appID)-http.socket")
        token = ProcessEnvironment["DAPR_API_TOKEN"]
    }

    /// The URL of a target, for messages.
    func url(_ target: String) -> String {
        if case .unix = address { return "http://unix\(target)" }
        return "http://127.0.0.1:\(address.port)\(target)"
    }

    func send(
        _ method: String, _ target: String, body: ByteSlice = [], type: String? = nil
    ) async throws(CallError) -> (status: Int, body: ByteSlice) {
        var fields = type.map { [Response.Field("Content-Type", $0)] } ?? []
        if let token { fields.append(Response.Field("dapr-api-token", token)) }
        let request = OutgoingRequest(
            method: method, target: Array(target.utf8)[...], host: "127.0.0.1:\(address.port)",
            fields: fields, body: body)
        let loop: EventLoop
        do throws(SystemError) { loop = try EventLoop() } catch {
            throw CallError(text: error.reason)
        }
        defer { loop.stop() }
        let address = address
        do {
            let answer = try await loop.run { (loop) async throws -> IncomingResponse in
                let deadline = Reactor.monotonicNow() + Duration.seconds(60).nanoseconds
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

    private static func text(_ error: ExchangeError) -> String {
        switch error {
        case .cannotConnect(let error): error.reason
        case .disconnected, .body: "the connection was closed"
        case .timedOut: "no answer within a minute"
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
