internal import Bytes

/// Applications that cannot be reached, are slow, or answer as no application did.
extension Faults {
    /// Holds a call of an application up as long as the rules want it.
    ///
    /// - Returns: what the call comes to in place of reaching the application; nil when it is to.
    func meet(app subject: FaultSubject) async -> Result<AppResponse, AppChannelError>? {
        for standing in pick(.app, subject) {
            switch standing.fault.kind {
            case .latency(let delay), .appSlow(let delay):
                await wait(delay, of: standing)
                // Nobody waits any more: the application is not called for nothing.
                if Task.isCancelled { return .failure(.timedOut) }
            case .error(let answer): return .success(AppResponse(answer))
            case .reset:
                return .failure(.failed("\(Self.call(subject)): EOF"))
            case .appUnreachable:
                return .failure(
                    .failed("\(Self.call(subject)): dial tcp: connect: connection refused"))
            default: break
            }
        }
        return nil
    }

    /// The call in the words of Go's client.
    private static func call(_ subject: FaultSubject) -> String {
        let method = String(text: subject.method)
        let verb = AppRequest.verb(method)
        return "\(verb) \"http://\(subject.app)\(String(text: subject.path))\""
    }
}

extension AppResponse {
    fileprivate init(_ answer: FaultAnswer) {
        self.init(
            status: answer.status,
            fields: [AppField("Content-Type", "text/plain; charset=utf-8")],
            body: .bytes(Array(answer.message.utf8)[...]))
    }
}
