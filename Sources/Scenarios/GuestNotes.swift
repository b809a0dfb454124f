internal import Backends
internal import Blocks
internal import WasmRunner

/// A guest's calls that did not reach a sidecar: what did is in the journal already.
extension Sandbox {
    func note(_ calls: [GuestCall], of appID: String) {
        for call in calls {
            var detail = JournalDetail()
            switch call.result {
            case .answered: continue
            case .refused:
                detail.hint = "refused: a guest reaches nothing but the sidecar of its scenario"
            case .failed: detail.hint = "not sent, or not answered"
            }
            journal.append(
                JournalEntry(
                    time: clock.now, appID: appID, api: .guest, status: 0, state: [],
                    detail: detail, head: [], method: Array(call.method.utf8)[...],
                    target: Array(call.url.utf8)[...], requestBody: [], responseBody: []))
        }
    }
}
