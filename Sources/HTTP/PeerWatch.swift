internal import Transport

/// Looks out for the end of a peer that is being sent a body: a stream that is silent for long would
/// otherwise go on for nobody.
///
/// Confined to its loop. Nothing else reads the connection meanwhile.
final class PeerWatch {
    private let stream: ByteStream
    private var isOver = false
    private var end: Suspension<Void>?
    private var isEnding = false

    init(_ stream: ByteStream, ends body: any BodySource, on loop: EventLoop) {
        self.stream = stream
        loop.spawn {
            if !self.isEnding, await stream.waitForPeer(), !self.isEnding { body.cancel() }
            self.isOver = true
            self.end?.resume()
            self.end = nil
        }
    }

    /// Stops looking; returns when the connection may be read again.
    func end() async {
        isEnding = true
        guard !isOver else { return }
        stream.interruptRead()
        await Suspension<Void>.suspend { suspension in
            if isOver { suspension.resume() } else { end = suspension }
        }
    }
}
