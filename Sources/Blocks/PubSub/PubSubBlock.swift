package import Backends
package import Bytes
internal import Transport

/// Why something was not published.
package enum PublishProblem: Error {
    /// No component of that name.
    case notFound
    /// `rawPayload` is no boolean.
    case badRawPayload(String)
    /// The body is no CloudEvent though its type says so.
    case notAnEvent
    /// The scopes of the component do not let this app.
    case forbidden
    case broker(BrokerError)
}

/// One event of a bulk publish.
package struct BulkEntry {
    package var id: String
    package var event: ByteSlice
    package var contentType: String
    /// Its own metadata with the request's below it; the request's alone counts for the broker only.
    package var metadata: Metadata?

    package init(id: String, event: ByteSlice, contentType: String, metadata: Metadata?) {
        self.id = id
        self.event = event
        self.contentType = contentType
        self.metadata = metadata
    }
}

/// The publishing half of the pub/sub building block.
package struct PubSubBlock {
    private let sidecar: Sidecar
    /// Who waits for the answer; nil when that is not known.
    private let caller: (any PolicyCaller)?

    /// Where a request stands in a trace.
    package struct Trace {
        package var parent: String
        package var state: String

        package init(parent: String, state: String) {
            self.parent = parent
            self.state = state
        }
    }

    init(sidecar: Sidecar, caller: (any PolicyCaller)?) {
        self.sidecar = sidecar
        self.caller = caller
    }

    package func component(_ name: String) throws(PublishProblem) -> PubSubComponent {
        guard let component = sidecar.pubSubComponents.first(where: { $0.name == name }) else {
            throw .notFound
        }
        return component
    }

    /// Publishes one message.
    ///
    /// - Parameter metadata: the request's; the broker keeps it with the message.
    package func publish(
        _ data: ByteSlice, contentType: String?, to topic: String, of component: PubSubComponent,
        metadata: Metadata, trace: Trace
    ) async throws(PublishProblem) {
        let isRaw = try isRaw(metadata)
        let bytes =
            isRaw
            ? data
            : try envelope(
                data, contentType: contentType, to: topic, of: component, metadata: metadata,
                trace: trace)
        try check(topic, component)
        try await send(
            BrokerMessage(topic: topic, data: bytes, metadata: metadata), component)
    }

    /// Publishes several messages: those that failed, and why.
    package func publish(
        _ entries: [BulkEntry], to topic: String, of component: PubSubComponent,
        metadata: Metadata, trace: Trace
    ) async throws(PublishProblem) -> [(id: String, error: BrokerError)] {
        let isRaw = try isRaw(metadata)
        var messages: [BrokerMessage] = []
        for entry in entries {
            let own = entry.metadata ?? [:]
            let bytes =
                isRaw
                ? entry.event
                : try envelope(
                    entry.event, contentType: entry.contentType, to: topic, of: component,
                    metadata: own, trace: trace)
            messages.append(
                BrokerMessage(
                    topic: topic, data: bytes, metadata: entry.metadata ?? metadata))
        }
        try check(topic, component)
        let results = await component.publish(messages, from: sidecar, for: caller)
        return zip(entries, results).compactMap { entry, error in
            error.map { (entry.id, $0) }
        }
    }

    private func send(
        _ message: BrokerMessage, _ component: PubSubComponent
    ) async throws(PublishProblem) {
        do throws(BrokerError) {
            try await component.publish(message, from: sidecar, for: caller)
        } catch {
            throw .broker(error)
        }
    }

    private func isRaw(_ metadata: Metadata) throws(PublishProblem) -> Bool {
        guard let text = metadata[ignoringCase: "rawPayload"] else { return false }
        guard let isRaw = GoParseBool.parse(text) else { throw .badRawPayload(text) }
        return isRaw
    }

    private func check(
        _ topic: String, _ component: PubSubComponent
    ) throws(PublishProblem) {
        guard component.scopes.mayPublish(to: topic) else { throw .forbidden }
    }

    private func envelope(
        _ data: ByteSlice, contentType: String?, to topic: String, of component: PubSubComponent,
        metadata: Metadata, trace: Trace
    ) throws(PublishProblem) -> ByteSlice {
        let now = sidecar.sandbox.clock.now
        let event = PublishedEvent(
            data: data, contentType: contentType, pubsub: component.name, topic: topic,
            appID: sidecar.appID, metadata: metadata, traceParent: trace.parent,
            traceState: trace.state, now: now, zone: Int(LocalTime.offset(at: now.seconds)),
            id: String(text: sidecar.sandbox.random.uuid()))
        do throws(CloudEvent.NotAnEvent) { return try CloudEvent.envelope(event)[...] } catch {
            throw .notAnEvent
        }
    }
}
