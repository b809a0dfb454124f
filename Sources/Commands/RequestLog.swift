internal import Blocks
internal import Bytes
internal import HTTP
internal import Transport

/// One log line per request (`--enable-api-logging`).
final class RequestLog: RequestHandler {
    private let handler: any RequestHandler
    private let log: Log

    init(_ handler: any RequestHandler, _ log: Log) {
        self.handler = handler
        self.log = log
    }

    func respond(to request: Request) async -> Response {
        let begin = Reactor.monotonicNow()
        let response = await handler.respond(to: request)
        let head = request.head
        let milliseconds = (Reactor.monotonicNow() - begin) / 1_000_000
        log.write(
            .info, "HTTP API Called", scope: "dapr.runtime.http-info",
            fields: [
                ("method", "\(String(text: head.method)) \(String(text: head.path))"),
                ("useragent", head.fields["user-agent"].map { String(text: $0) } ?? ""),
                ("code", String(response.status)), ("size", String(response.body.count)),
                ("duration", String(milliseconds)),
            ])
        return response
    }
}
