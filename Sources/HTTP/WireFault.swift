internal import Bytes
internal import Transport

/// What goes wrong on purpose while an answer is sent: described in the answer, done by its connection.
package enum WireFault: Sendable, Equatable {
    /// The connection is reset before anything is sent.
    case reset
    /// The body breaks off after so many bytes, in the middle when it is nil, and the connection ends.
    /// An answer without a body breaks off in its head.
    case truncate(bytes: Int?)
    /// The body comes this slowly, in the system's time.
    case slow(bytesPerSecond: Int)
}

/// Sends answers with what goes wrong on purpose.
struct FaultyAnswer {
    let stream: ByteStream
    let reactor: Reactor
    let limits: HTTPLimits

    /// - Parameter bytes: the answer as it would be sent, as far as it is whole.
    /// - Returns: whether the connection can go on.
    func send(
        _ response: Response, as bytes: ByteSlice, _ fault: WireFault, isHEAD: Bool
    ) async -> Bool {
        let source = isHEAD ? nil : response.stream?.source
        defer { response.stream?.source.cancel() }
        let body = isHEAD || response.stream != nil ? 0 : response.body.count
        let tail = response.isChunked && body > 0 ? 2 + Serializer.chunk([]).count : 0
        do {
            switch fault {
            case .reset: stream.reset()
            case .truncate(let count):
                guard let source else {
                    let kept = Self.kept(count, of: bytes.count, body: body, tail: tail)
                    try await write(bytes.prefix(kept))
                    return false
                }
                try await write(bytes)
                try await breakOff(source, after: count)
            case .slow(let rate):
                let start = bytes.count - body - tail
                try await write(bytes.prefix(start))
                try await write(bytes.dropFirst(start), bytesPerSecond: rate)
                guard let source else { return true }
                while let piece = try await source.next() {
                    try await write(Serializer.chunk(piece)[...], bytesPerSecond: rate)
                }
                try await write(Serializer.chunk([])[...])
                return true
            }
        } catch {}
        return false
    }

    /// How much of an answer is sent that is there whole; one without a body breaks off in its head.
    ///
    /// - Parameters:
    ///   - body: bytes of its body.
    ///   - tail: bytes of framing after the body.
    static func kept(_ count: Int?, of length: Int, body: Int, tail: Int) -> Int {
        guard body > 0 else { return length - 2 }
        return length - tail - body + min(count ?? body / 2, body)
    }

    private func breakOff(_ source: any BodySource, after count: Int?) async throws {
        var rest = count
        while let piece = try await source.next() {
            let kept = piece.prefix(rest ?? piece.count / 2)
            try await write(Serializer.chunk(kept)[...])
            guard let left = rest, left > piece.count else { return }
            rest = left - piece.count
        }
    }

    private func write(_ bytes: ByteSlice) async throws(StreamError) {
        try await stream.write(bytes, stall: limits.stallTimeout)
    }

    /// A twentieth of a second's worth at a time.
    private func write(
        _ bytes: ByteSlice, bytesPerSecond rate: Int
    ) async throws(StreamError) {
        var rest = bytes
        while !rest.isEmpty {
            let piece = rest.prefix(max(1, rate / 20))
            try await write(piece)
            rest = rest.dropFirst(piece.count)
            await reactor.sleep(for: .seconds(piece.count) / rate)
        }
    }
}
