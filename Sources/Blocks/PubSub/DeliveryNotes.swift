internal import Backends
internal import Bytes

/// What a delivery tells of itself: in the journal and in the log.
extension Delivery {
    /// Notes one attempt: what went to the application and what it said.
    func record(
        _ message: BrokerMessage, _ path: String, status: Int, _ event: ByteSlice,
        _ answer: ByteSlice, _ outcome: DeliveryOutcome
    ) {
        guard !era.hasEnded else { return }
        var detail = detail(message, outcome)
        detail.attempt = message.attempt
        detail.hint = hint(path, status: status, outcome)
        sidecar.note(
            .deliver, status: status, detail, method: "POST", target: path, request: event,
            response: answer)
    }

    /// Notes what became of a message without the application.
    func record(
        _ message: BrokerMessage, _ outcome: DeliveryOutcome, api: APIName = .deliver,
        hint: String? = nil
    ) {
        guard !era.hasEnded else { return }
        var detail = detail(message, outcome)
        detail.hint = hint
        sidecar.note(api, detail, request: message.data)
    }

    private func detail(_ message: BrokerMessage, _ outcome: DeliveryOutcome) -> JournalDetail {
        var detail = JournalDetail(
            message: MessageRecord(pubsub: component.name, topic: message.topic))
        detail.outcome = outcome
        if !sidecar.sandbox.faults.isIdle { detail.fault = FaultScope.takeCurrent() }
        return detail
    }

    private func hint(_ path: String, status: Int, _ outcome: DeliveryOutcome) -> String? {
        switch (outcome, status) {
        case (.unreachable, _):
            let port = sidecar.settings.appPort.map { " at port \($0)" } ?? ""
            return "the application of \(sidecar.appID) did not answer\(port): is it running?"
        case (_, 404):
            return "the application of \(sidecar.appID) has no POST \(path): it answered 404, "
                + "which drops the message"
        default: return nil
        }
    }

    var unroutedHint: String {
        "no rule of the subscription to \(subscription.topic) matches this event and it has no "
            + "default: give it `routes.default`, or mend the rules"
    }

    func log(_ level: LogLevel, _ text: String) {
        sidecar.log?.write(level, text, scope: "dapr.runtime.processor.subscription")
    }
}

extension Delivery.Verdict {
    /// As the journal names it.
    var outcome: DeliveryOutcome {
        switch self {
        case .taken: .success
        case .dropped: .drop
        case .failed: .retry
        case .unreachable: .unreachable
        }
    }
}
