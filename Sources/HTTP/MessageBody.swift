internal import Bytes
internal import Transport

/// The body of a message that is being read, piece by piece.
///
/// Confined to the connection's loop.
final class MessageBody: BodySource {
    private let reader: MessageReader
    private let stream: ByteStream
    private let stall: Duration?
    private var allowance: Int
    private let reactor: Reactor

    /// - Parameters:
    ///   - limit: bytes of the body at most.
    ///   - stall: how long it may stand still between two pieces; nil for as long as it likes.
    init(
        _ reader: MessageReader, _ stream: ByteStream, limit: Int, stall: Duration?,
        on reactor: Reactor
    ) {
        self.reader = reader
        self.stream = stream
        self.stall = stall
        self.reactor = reactor
        allowance = limit
    }

    var remaining: Int? { reader.declaredRest }

    func next() async throws(BodySourceError) -> ByteSlice? {
        if let rest = reader.declaredRest, rest > allowance { throw .tooLarge }
        let deadline = stall.map { reactor.now + $0.nanoseconds } ?? .max
        let piece: ByteSlice?
        do throws(BodyError) { piece = try await reader.bodyPiece(deadline: deadline) } catch {
            throw BodySourceError(error)
        }
        guard let piece else { return nil }
        guard piece.count <= allowance else { throw .tooLarge }
        allowance -= piece.count
        return piece
    }

    func cancel() { stream.interruptRead() }
}

extension BodySourceError {
    init(_ error: BodyError) {
        switch error {
        case .tooLarge: self = .tooLarge
        case .malformed(let reason): self = .malformed(reason.explanation)
        case .incomplete: self = .incomplete
        }
    }
}
