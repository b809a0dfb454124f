internal import Blocks
internal import Bytes
internal import Transport

/// One invocation: the callee looked for and called, as often as a policy wants it.
struct Invocation {
    let block: InvokeBlock
    let sidecar: Sidecar
    let target: InvocationTarget
    var request: AppRequest
    /// Who waits for the answer.
    let caller: any PolicyCaller

    /// The application's answer.
    func answer() async throws(InvocationError) -> AppResponse {
        let destination = try await block.destination(target.id)
        guard case .peer = destination else {
            return try await block.call(destination, request, id: target.id)
        }
        let answer = try await block.call(destination, wrapped, id: target.id)
        guard let error = answer.fields.value(of: InvokeEndpoint.peerErrorField) else {
            return answer
        }
        await answer.body.discard()
        throw InvocationError(String(text: error))
    }

    /// The same under a policy: a status below 200 and from 400 is a failure. The last answer is
    /// the caller's, be it one or not.
    func answer(under policy: ResiliencyPolicy) async throws(InvocationError) -> AppResponse {
        let result: Result<AppResponse, InvocationError>
        do throws(PolicyError) {
            result = try await policy.run(
                for: caller, mayRetry: mayRepeat, cancelsLate: true
            ) {
                await attempt(under: policy)
            } discard: { result in
                if case .success(let answer) = result { answer.body.cancel() }
            } judge: {
                Self.verdict(on: $0)
            }
        } catch {
            throw InvocationError(error.text)
        }
        return try result.get()
    }

    /// A body that streams can be sent once.
    private var mayRepeat: Bool { if case .bytes = request.body { true } else { false } }

    /// One attempt. What a refusal says is taken off its connection, which the next one may want.
    private func attempt(
        under policy: ResiliencyPolicy
    ) async -> Result<AppResponse, InvocationError> {
        var invocation = self
        invocation.request.deadline = policy.deadline
        do throws(InvocationError) {
            var answer = try await invocation.answer()
            if Self.isFailure(answer.status) {
                answer.body = .bytes(await answer.body.collectWhatComes())
            }
            return .success(answer)
        } catch {
            return .failure(error)
        }
    }

    private static func isFailure(_ status: Int) -> Bool { status < 200 || status >= 400 }

    private static func verdict(
        on result: Result<AppResponse, InvocationError>
    ) -> PolicyVerdict {
        switch result {
        case .failure(let error): .failure(error.text)
        case .success(let answer) where isFailure(answer.status):
            .failure(code: answer.status, "received non-successful status code: \(answer.status)")
        case .success: .success
        }
    }

    /// For another sidecar, which finds the callee by the path and learns who calls.
    private var wrapped: AppRequest {
        var request = request
        let name = target.id.prefix { $0 != "." }
        // Escaped once more, because the other sidecar decodes once more.
        let path = request.target.prefix { $0 != UInt8(ascii: "?") }
        let query = request.target[path.endIndex...]
        var again: [UInt8] = Array("/v1.0/invoke/\(name)/method".utf8)
        for byte in path {
            if byte == UInt8(ascii: "%") {
                again.append(contentsOf: "%25".utf8)
            } else {
                again.append(byte)
            }
        }
        again.append(contentsOf: query)
        request.target = again[...]
        request.fields.append(
            AppField(InvokeEndpoint.peerField, "\(sidecar.appID) \(sidecar.namespace)"))
        return request
    }
}

extension AppBody {
    /// All of it, or what came before it broke off.
    func collectWhatComes() async -> ByteSlice {
        switch self {
        case .bytes(let bytes): return bytes
        case .stream(let source):
            var collected: ByteSlice = []
            while let piece = (try? await source.next()) ?? nil {
                collected.append(contentsOf: piece)
            }
            return collected
        }
    }
}

extension [AppField] {
    fileprivate func value(of name: String) -> ByteSlice? {
        let bytes = [UInt8](name.utf8)[...]
        return first { $0.name.equalsIgnoringCase(bytes) }?.value
    }
}
