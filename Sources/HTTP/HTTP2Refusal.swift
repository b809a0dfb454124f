internal import Bytes
package import Transport

/// Told when a client has spoken HTTP/2.
package protocol HTTP2Observer: AnyObject {
    func clientSpokeHTTP2()
}

/// Answers who speaks HTTP/2 that it is not served here, so that no gRPC client waits without
/// knowing why: SETTINGS, then GOAWAY with a text (RFC 9113 §3.4, §6.8).
///
/// Confined to its loop.
package final class HTTP2Refusal {
    private let text: String
    private let reactor: Reactor
    package weak var observer: (any HTTP2Observer)?
    private var listeners: [Listener] = []

    /// - Parameter text: what the client is told; gRPC libraries show it.
    package init(_ text: String, on reactor: Reactor) {
        self.text = text
        self.reactor = reactor
    }

    /// Begins to accept connections at `listener`.
    package func serve(_ listener: Listener, on loop: EventLoop) {
        listeners.append(listener)
        loop.spawn {
            while let stream = await listener.accept() {
                loop.spawn { await self.refuse(stream) }
            }
        }
    }

    /// Stops accepting; connections end by themselves soon.
    package func stop() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func refuse(_ stream: ByteStream) async {
        defer { stream.close() }
        guard let isHTTP2 = await beginsWithPreface(stream) else { return }
        if isHTTP2 { observer?.clientSpokeHTTP2() }
        let answer = isHTTP2 ? Self.farewell(text) : Self.answer(text)
        guard (try? await stream.write(answer[...], stall: Self.patience)) != nil else { return }
        stream.shutdownWrite()
        // What the client still sends must not reset the connection before it has read its answer.
        var rest: ByteSlice = []
        let deadline = Reactor.monotonicNow() + Self.patience.nanoseconds
        while let count = try? await stream.read(appendingTo: &rest, deadline: deadline), count > 0
        {
            rest = []
        }
    }

    private static let patience = Duration.seconds(2)

    /// nil when nothing came that could be told apart.
    private func beginsWithPreface(_ stream: ByteStream) async -> Bool? {
        var bytes: ByteSlice = []
        let deadline = Reactor.monotonicNow() + Self.patience.nanoseconds
        while Self.preface.starts(with: bytes) {
            guard let count = try? await stream.read(appendingTo: &bytes, deadline: deadline),
                count > 0
            else { return nil }
            if bytes.starts(with: Self.preface) { return true }
        }
        return false
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    // MARK: Answers

    private static func farewell(_ text: String) -> [UInt8] {
        let lastStream: [UInt8] = [0, 0, 0, 0]
        // HTTP_1_1_REQUIRED.
        let code: [UInt8] = [0, 0, 0, 0x0D]
        return frame(type: 4, []) + frame(type: 7, lastStream + code + Array(text.utf8))
    }

    /// A frame of the connection itself, stream 0.
    private static func frame(type: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, 0]
            + [0, 0, 0, 0] + payload
    }

    private static func answer(_ text: String) -> [UInt8] {
        let body = "\(text)\n"
        return Array(
            """
            HTTP/1.1 400 Bad Request\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r
            \(body)
            """.utf8)
    }
}
