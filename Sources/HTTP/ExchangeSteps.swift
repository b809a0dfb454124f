internal import Bytes
internal import Transport

/// The two steps that every exchange with a server has, their errors put as an exchange's.
extension ByteStream {
    func send(_ bytes: ByteSlice, _ limits: HTTPLimits) async throws(ExchangeError) {
        do throws(StreamError) { try await write(bytes, stall: limits.stallTimeout) } catch {
            throw error == .timedOut ? .timedOut : .disconnected
        }
    }
}

extension MessageReader {
    /// The head of the answer that is waited for.
    ///
    /// - Parameter deadline: nil for no bound.
    func answerHead(
        isHEAD: Bool, deadline: MonotonicTime?
    ) async throws(ExchangeError) -> ResponseHead {
        let head: ResponseHead?
        do throws(HeadError) {
            head = try await responseHead(isHEAD: isHEAD, deadline: deadline)
        } catch {
            switch error {
            case .malformed(let reason): throw .malformed(reason)
            case .timedOut: throw .timedOut
            }
        }
        guard let head else { throw .disconnected }
        return head
    }
}
