import Bytes
import HTTP
import Synchronization
import TestSupport
import Testing
import Transport

/// A server in this process, on a loop and a port of its own, with a handler that writes down what
/// reaches it.
final class WireServer: Sendable {
    let loop: EventLoop
    let address: SocketAddress
    let log = RequestLog()
    private let held: Held

    /// Sendable unchecked: what it holds is touched on the loop alone.
    private final class Held: @unchecked Sendable {
        let server: Server
        let handler: RecordingHandler

        init(_ server: Server, _ handler: RecordingHandler) {
            self.server = server
            self.handler = handler
        }
    }

    init(
        limits: HTTPLimits = HTTPLimits(), at address: SocketAddress = .loopback(port: 0)
    ) async throws {
        let loop = try EventLoop()
        let log = log
        let made = try await loop.run { (loop) throws -> (Held, SocketAddress) in
            let listener = try Listener(at: address, on: loop.reactor)
            let handler = RecordingHandler(log)
            let server = Server(limits: limits, on: loop.reactor, handler: handler)
            server.serve(listener, on: loop)
            return (Held(server, handler), listener.address)
        }
        self.loop = loop
        held = made.0
        self.address = made.1
    }

    deinit { loop.stop() }

    func client() throws -> WireClient { try WireClient(to: address, of: self) }

    /// Lets requests for `/held` be answered.
    func release() async {
        await loop.run { [held] _ in held.handler.release() }
    }

    func stop(grace: Duration = .seconds(600)) async {
        await loop.run { [held] loop in await held.server.stop(grace: grace, on: loop) }
    }

    /// Stops, and lets requests for `/held` be answered as soon as the stop is under way.
    func stopWhileHolding() async {
        await loop.run { [held] loop in
            // Their tasks are only made ready here; they go on when the stop waits for them.
            held.handler.release()
            await held.server.stop(grace: .seconds(600), on: loop)
        }
    }

    /// Runs `work` on the loop, which accepts and reads nothing meanwhile, then stops the server
    /// without a step between.
    func stop(after work: @escaping @Sendable () throws -> Void) async throws {
        try await loop.run { [held] (loop) throws in
            try work()
            await held.server.stop(grace: .seconds(600), on: loop)
        }
    }

    var connectionCount: Int {
        get async { await loop.run { [held] _ in held.server.connectionCount } }
    }

    /// Waits until the loop has seen all that was sent to it before: it serves in order of arrival.
    func settle() throws {
        let answer = try client().request("GET", "/settled")
        try #require(answer.status == 200)
    }

    /// Waits until that many connections are open.
    func waitForConnections(_ count: Int) async throws {
        let deadline = Deadline.after(.seconds(20))
        while await connectionCount != count {
            try #require(Reactor.monotonicNow() < deadline, "the connections are not \(count)")
            await Task.yield()
        }
    }
}

/// The requests that reached the handler, as `METHOD path`, `/settled` left out.
final class RequestLog: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Answers by path: `/echo` with the body, `/ignore` without reading it, `/large/N` with N bytes,
/// `/empty` with a 204, `/held` when it is released, everything else with method and path.
final class RecordingHandler: RequestHandler {
    private let log: RequestLog
    private var held: [Suspension<Void>] = []
    private var isReleased = false

    init(_ log: RequestLog) { self.log = log }

    func release() {
        isReleased = true
        let waiting = held
        held = []
        for suspension in waiting { suspension.resume() }
    }

    func respond(to request: Request) async -> Response {
        let path = String(text: request.head.path)
        let line = "\(String(text: request.head.method)) \(path)"
        if path != "/settled" { log.add(line) }
        if path.hasPrefix("/large/") {
            let count = Int(path.dropFirst(7)) ?? 0
            return Response(status: 200, body: [UInt8](repeating: 0x61, count: count)[...])
        }
        switch path {
        case "/echo": return await echo(request)
        case "/empty": return Response(status: 204)
        case "/held":
            if !isReleased { await Suspension.suspend { held.append($0) } }
            return .plainText(200, line)
        case "/ignore": return .plainText(200, "ignored")
        default: return .plainText(200, line)
        }
    }

    private func echo(_ request: Request) async -> Response {
        do throws(BodyError) {
            return Response(status: 200, body: try await request.body.collect(upTo: 1 << 20))
        } catch {
            return .plainText(400, "\(error)")
        }
    }
}
