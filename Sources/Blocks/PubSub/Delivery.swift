internal import Backends
internal import Bytes
internal import CEL
internal import JSON
internal import Transport

/// Hands the messages of one subscription to the application (pubsub.md §4–5 of the specification).
///
/// In order: read the event, drop what has expired, find its path, call the application, and, when it
/// was not taken, the dead-letter topic. Confined to the sandbox's loop.
final class Delivery: MessageHandler {
    let sidecar: Sidecar
    let component: PubSubComponent
    let subscription: Subscription
    /// Looked up once, as in Dapr, when the subscription starts.
    let policy: ResiliencyPolicy?
    let era: DeliveryEra

    init(
        of subscription: Subscription, from component: PubSubComponent, to sidecar: Sidecar,
        in era: DeliveryEra? = nil
    ) {
        self.era = era ?? DeliveryEra(on: sidecar.sandbox.loop.reactor)
        self.subscription = subscription
        self.component = component
        self.sidecar = sidecar
        policy = sidecar.resiliency.inbound(component.name, .pubSub)
    }

    func handle(_ message: BrokerMessage) async -> MessageOutcome {
        await settle(message, await attempt(message))
    }

    /// What the broker is told; what was not taken goes to the dead letters if there are any.
    func settle(_ message: BrokerMessage, _ verdict: Verdict) async -> MessageOutcome {
        switch verdict {
        case .taken: return .done
        case .dropped:
            guard hasDeadLetters else { return .done }
            return await sendToDeadLetters(message)
        case .failed(let text, _), .unreachable(let text):
            guard hasDeadLetters else {
                log(.error, "error returned from pub/sub handler: \(text)")
                if case .unreachable = verdict { return .unreachable(text) }
                return .failed(text)
            }
            return await sendToDeadLetters(message)
        }
    }

    /// What became of one message, dead letters aside.
    enum Verdict: Error, Equatable {
        case taken
        /// Not wanted: by its subscriber, by its age, by every route.
        case dropped
        /// The code is an HTTP status, which a policy may match; nil where there is none.
        case failed(String, code: Int? = nil)
        /// The application did not answer.
        case unreachable(String)
    }

    private func attempt(_ message: BrokerMessage) async -> Verdict {
        switch prepare(message) {
        case .success(let (event, path)): await guarded(event, to: path, message)
        case .failure(let verdict): verdict
        }
    }

    /// The call of the application, as often as the policy wants it.
    private func guarded(
        _ event: EventReading, to path: String, _ message: BrokerMessage
    ) async -> Verdict {
        guard let policy else { return await post(event, to: path, message) }
        var message = message
        // One less: each attempt counts itself.
        message.attempt -= 1
        let attempts = Attempts(of: message)
        do throws(PolicyError) {
            return try await policy.run(for: era, cancelsLate: true) {
                let message = attempts.next()
                return await self.finish(await self.post(event, to: path, message), message)
            } judge: {
                $0.forPolicy
            }
        } catch {
            return .failed(error.text)
        }
    }

    /// Numbers the attempts that a policy makes at one message.
    private final class Attempts {
        private var message: BrokerMessage

        init(of message: BrokerMessage) { self.message = message }

        func next() -> BrokerMessage {
            message.attempt += 1
            return message
        }
    }

    /// A drop whose dead letter cannot be sent is a failure, and so is tried again.
    private func finish(_ verdict: Verdict, _ message: BrokerMessage) async -> Verdict {
        guard verdict == .dropped, hasDeadLetters else { return verdict }
        switch await sendToDeadLetters(message) {
        case .done: return .taken
        case .failed(let text), .unreachable(let text): return .failed(text)
        }
    }

    /// The event of a message and the path that it goes to, or why it goes to none.
    func prepare(
        _ message: BrokerMessage
    ) -> Result<(event: EventReading, path: String), Verdict> {
        let event: EventReading
        switch EventReading.read(message, subscription, component.name, sidecar) {
        case .success(let read): event = read
        case .failure(let error):
            record(message, .unreadable, hint: error.text)
            return .failure(.failed(error.text))
        }
        if event.hasExpired(at: sidecar.sandbox.clock.now) {
            log(.warn, "dropping expired pub/sub event \(event.id) as of \(event.expiration)")
            record(
                message, .expired, hint: "the message's time to live ended at \(event.expiration)")
            return .failure(.dropped)
        }
        switch route(event) {
        case .success(let path?): return .success((event, path))
        case .success(nil):
            log(
                .warn,
                "no matching route for event \(event.id) in pubsub \(component.name) and topic "
                    + "\(message.topic); skipping")
            record(message, .unrouted, hint: unroutedHint)
            return .failure(.dropped)
        case .failure(let error):
            record(message, .unreadable, hint: error.text)
            return .failure(.failed(error.text))
        }
    }

    private func route(_ event: EventReading) -> Result<String?, EventError> {
        do throws(CELFailure) {
            guard subscription.looksInside else {
                return .success(try subscription.path(for: .null))
            }
            return .success(try subscription.path(for: event.value))
        } catch {
            log(
                .error,
                "error finding matching route for event \(event.id) in pubsub \(component.name) "
                    + "and topic \(subscription.topic): \(error.text)")
            return .failure(EventError(text: error.text))
        }
    }

    // MARK: The application

    private func post(
        _ event: EventReading, to path: String, _ message: BrokerMessage
    ) async -> Verdict {
        await era.calling { await call(event, to: path, message) }
            ?? .failed("the subscription has ended")
    }

    private func call(
        _ event: EventReading, to path: String, _ message: BrokerMessage
    ) async -> Verdict {
        guard let channel = sidecar.appChannel else {
            return .failed("app channel not initialized")
        }
        let request = AppRequest(
            method: "POST", target: DeliveryFields.target(path),
            fields: DeliveryFields.all(message, event, component.name, sidecar),
            body: .bytes(event.bytes), deadline: policy?.deadline)
        let fault = await meetFaults(message, path)
        // It may have been held up past the end of its time.
        guard !era.isEnding else { return .failed("the subscription has ended") }
        let work = sidecar.sandbox.clock.work.begin()
        defer { sidecar.sandbox.clock.work.end(work) }
        let answer: AppResponse
        do throws(AppChannelError) {
            answer = if let fault { try fault.get() } else { try await channel.call(request) }
        } catch {
            record(message, path, status: 0, event.bytes, [], .unreachable)
            return .unreachable(
                "error from app channel while sending pub/sub event to app: \(error.text)")
        }
        let body = (try? await answer.body.collect(upTo: Self.answerLimit)) ?? []
        let verdict = verdict(answer.status, body, event.id)
        record(message, path, status: answer.status, event.bytes, body, verdict.outcome)
        return verdict
    }

    /// What the rules make of a delivery; nil when they let it go its way.
    func meetFaults(
        _ message: BrokerMessage, _ path: String
    ) async -> Result<AppResponse, AppChannelError>? {
        let faults = sidecar.sandbox.faults
        guard !faults.isIdle else { return nil }
        var subject = FaultSubject(api: .deliver, app: sidecar.appID)
        subject.component = component.name
        subject.topic = message.topic
        subject.method = Array("POST".utf8)[...]
        subject.path = Array(path.utf8)[...]
        return await faults.meet(app: subject)
    }

    /// Bytes of an application's answer that are looked at.
    private static let answerLimit = 1 << 20

    private func verdict(_ status: Int, _ body: ByteSlice, _ id: String) -> Verdict {
        switch status {
        case 200..<300: break
        case 404:
            log(
                .error,
                "non-retriable error returned from app while processing pub/sub event \(id): "
                    + "\(String(text: body)). status code returned: 404")
            return .dropped
        default:
            let text =
                "retriable error returned from app while processing pub/sub event \(id), topic: "
                + "\(subscription.topic), body: \(String(text: body)). status code returned: "
                + "\(status)"
            log(.warn, text)
            return .failed(text, code: status)
        }
        switch AppVerdict.status(in: body) {
        case nil, "", "SUCCESS": return .taken
        case "DROP":
            log(.warn, "DROP status returned from app while processing pub/sub event \(id)")
            return .dropped
        case "RETRY":
            return .failed("RETRY status returned from app while processing pub/sub event \(id)")
        case let other?:
            return .failed(
                "unknown status returned from app while processing pub/sub event \(id), status: "
                    + "\(other), err: unknown status")
        }
    }

    // MARK: Dead letters

    private var hasDeadLetters: Bool { !subscription.deadLetterTopic.isEmpty }

    private func sendToDeadLetters(_ message: BrokerMessage) async -> MessageOutcome {
        var letter = message
        letter.topic = subscription.deadLetterTopic
        letter.attempt = 1
        do throws(BrokerError) {
            guard !era.isEnding else { throw .closed }
            guard component.scopes.mayPublish(to: letter.topic) else {
                throw .failed(
                    "topic \(letter.topic) is not allowed for app id \(sidecar.appID)")
            }
            try await component.publish(letter, from: sidecar)
            record(letter, .deadLetter, api: .publish)
            return .done
        } catch {
            log(
                .error,
                "error sending message to dead letter, origin topic: \(message.topic) "
                    + "dead letter topic \(letter.topic) err: \(error.text)")
            return .failed(error.text)
        }
    }
}

extension Delivery.Verdict {
    /// What is not wanted is no failure.
    var forPolicy: PolicyVerdict {
        switch self {
        case .taken, .dropped: .success
        case .failed(let text, let code): .failure(code: code, text)
        case .unreachable(let text): .failure(code: nil, text)
        }
    }
}

/// The `status` of an application's answer.
enum AppVerdict {
    /// nil when the answer says nothing that counts.
    static func status(in body: ByteSlice) -> String? {
        guard !body.isEmpty, let json = ExactJSON.reader(body), json.kind == .object else {
            return nil
        }
        var status: String?
        json.forEachMember { name, value in
            guard name.equalsIgnoringCase("status"), value.kind == .string else { return }
            status = String(text: value.string)
        }
        return status
    }
}

extension AppChannelError {
    /// Why, in Dapr's words.
    package var text: String {
        switch self {
        case .notInitialized: "app channel is not initialized"
        case .unhealthy: "rpc error: code = Internal desc = app is not in a healthy state"
        case .failed(let text): text
        case .timedOut: "context deadline exceeded"
        case .body(.tooLarge): "stream too large"
        case .body: "unexpected EOF"
        }
    }
}
