internal import Backends
package import Bytes

/// What a sidecar notes in the journal beside the requests that it answers: deliveries, questions it
/// asks, calls that went nowhere. None of them has a head.
extension Sidecar {
    /// - Parameters:
    ///   - status: what was answered; 0 for nothing.
    ///   - method: empty where nobody was called.
    ///   - target: what was called, or would have been.
    package func note(
        _ api: APIName, status: Int = 0, _ detail: JournalDetail = JournalDetail(),
        method: String = "", target: String = "", request: ByteSlice = [], response: ByteSlice = []
    ) {
        sandbox.journal.append(
            JournalEntry(
                time: sandbox.clock.now, appID: appID, api: api, status: status, state: [],
                detail: detail, head: [], method: Array(method.utf8)[...],
                target: Array(target.utf8)[...], requestBody: request, responseBody: response))
    }
}
