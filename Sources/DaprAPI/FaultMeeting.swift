internal import Blocks
internal import Bytes
internal import HTTP
internal import Matching
internal import YAML

/// A request among fault rules: held up, refused, or marked for what its answer is to meet.
extension Call {
    /// Asked by each endpoint once it knows what the request is about, before it does anything.
    func meetFaults(_ api: APIName, callee: String? = nil) async throws(APIError) {
        let faults = sidecar.sandbox.faults
        guard !faults.isIdle else { return }
        var subject = subject(api)
        subject.callee = callee
        let era = sidecar.sandbox.era
        let met = await faults.meet(subject)
        // Held up past a reset it must change nothing for who comes after.
        guard sidecar.sandbox.era == era else {
            throw APIError(503, "FAKEDAPR_FAULT", "a fault held the request up past a reset")
        }
        switch met.answer {
        case .truncate(let bytes): wire = .truncate(bytes: bytes)
        case .slow(let rate): wire = .slow(bytesPerSecond: rate)
        case nil: break
        }
        switch met.instead {
        case .answer(let answer): throw APIError(answer.status, answer.code, answer.message)
        case .reset:
            wire = .reset
            throw APIError(500, "FAKEDAPR_FAULT", "the connection was reset")
        case nil: break
        }
    }

    private func subject(_ api: APIName) -> FaultSubject {
        let head = request.head
        var subject = FaultSubject(api: api, app: sidecar.appID)
        subject.component = detail.message?.pubsub ?? records.first?.store
        subject.topic = detail.message?.topic
        subject.method = head.method
        subject.path = head.path
        subject.headers = (0..<head.fields.count).map { head.fields[$0] }
        subject.records = records
        return subject
    }
}

/// `fakedapr-fault`: a fault for the one request that brings it: `{"kind": "latency", "delay": "1s"}`,
/// or the name of a kind that needs nothing else, such as `reset`.
enum FaultHeader {
    static let name: StaticString = "fakedapr-fault"

    /// nil when the request brings none.
    static func fault(in head: RequestHead) throws(ControlError) -> Fault? {
        guard let text = head.fields[name] else { return nil }
        return try Call.reading { () throws(Diagnostic) in
            let document = try ControlDocument(name: "fakedapr-fault", bytes: text)
            return try FaultReader(source: document.source).header(document.root)
        }
    }
}
