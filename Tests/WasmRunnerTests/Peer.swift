import Bytes
import HTTP
import Transport

/// What guests speak to: an HTTP server in this process, on a loop and a port of its own.
final class Peer: Sendable {
    /// A request as it arrived.
    struct Seen: Sendable, Equatable {
        var method: String
        var target: String
        /// `name:value`, names in lower case.
        var fields: [String]
        var body: String
    }

    let port: UInt16
    private let loop: EventLoop
    private let handler: Handler

    init() async throws {
        let loop = try EventLoop()
        let handler = Handler()
        self.loop = loop
        self.handler = handler
        port = try await loop.run { loop in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            Server(limits: HTTPLimits(), on: loop.reactor, handler: handler)
                .serve(listener, on: loop)
            return listener.address.port
        }
    }

    deinit { loop.stop() }

    var seen: [Seen] { handler.seen.withLock(\.self) }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    final class Handler: RequestHandler, Sendable {
        let seen = Guarded<[Seen]>([])

        func respond(to request: Request) async -> Response {
            let head = request.head
            let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
            let query = head.query.map { "?" + String(text: $0) } ?? ""
            let fields = (0..<head.fields.count).map { index in
                let field = head.fields[index]
                return String(text: field.name).lowercased() + ":" + String(text: field.value)
            }
            let one = Seen(
                method: String(text: head.method), target: String(text: head.path) + query,
                fields: fields, body: String(text: body))
            seen.withLock { $0.append(one) }
            return Self.answer(String(text: head.path))
        }

        private static func answer(_ path: String) -> Response {
            let parts = path.split(separator: "/")
            switch parts.first {
            case "status": return Response(status: Int(parts[1]) ?? 500)
            case "body": return Response(status: 200, body: Array(parts[1].utf8)[...])
            case "headers":
                return Response(
                    status: 200,
                    fields: [
                        .init("ETag", "7"), .init("X-Many", "one"), .init("x-many", "two"),
                        .init("Link", "http://a:1/b"), .init("X-Greek", "λ"),
                    ])
            case "redirect":
                return Response(status: 302, fields: [.init("Location", "http://127.0.0.1:1/x")])
            case "large":
                return Response(
                    status: 200, body: ByteSlice(repeating: UInt8(ascii: "x"), count: 300_000))
            default: return Response(status: 200, body: Array("ok".utf8)[...])
            }
        }
    }
}

/// A server that sends fixed bytes to whoever sends it something; none, and it never answers.
final class RawPeer: Sendable {
    let port: UInt16
    private let loop: EventLoop

    init(_ answer: [UInt8]?) async throws {
        let loop = try EventLoop()
        self.loop = loop
        port = try await loop.run { loop in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            loop.spawn { await Self.serve(listener, answer, loop) }
            return listener.address.port
        }
    }

    deinit { loop.stop() }

    var url: String { "http://127.0.0.1:\(port)/" }

    private static func serve(
        _ listener: Listener, _ answer: [UInt8]?, _ loop: EventLoop
    ) async {
        while let stream = await listener.accept() {
            loop.spawn {
                var buffer: ByteSlice = []
                while (try? await stream.read(appendingTo: &buffer, deadline: nil)) ?? 0 > 0 {
                    guard let answer else { continue }
                    try? await stream.write(answer[...], stall: .seconds(5))
                    return stream.close()
                }
            }
        }
    }
}
