internal import Blocks
internal import WasmRunner

/// A guest's calls that did not reach a sidecar: what did is in the journal already.
extension Sidecar {
    func note(_ calls: [GuestCall]) {
        for call in calls {
            var detail = JournalDetail()
            switch call.result {
            case .answered: continue
            case .refused:
                detail.hint = "refused: a guest reaches nothing but the sidecar of its scenario"
            case .failed: detail.hint = "not sent, or not answered"
            }
            note(.guest, detail, method: call.method, target: call.url)
        }
    }
}
