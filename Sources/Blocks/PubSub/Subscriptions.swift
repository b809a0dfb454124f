internal import Backends
internal import Bytes
internal import CEL
internal import Transport

/// The subscriptions of a sidecar's application: found, started, stopped.
///
/// Confined to the sandbox's loop.
package final class Subscriptions: AppObserver {
    private let sidecar: Sidecar
    /// Those of resource files.
    private var declared: [Subscription]
    /// What runs and what is told as subscribed to.
    package private(set) var active: [Subscription] = []
    private var asked: [Subscription] = []
    private var hasAsked = false
    private var consumers: [any BrokerConsumer] = []
    private var isStarted = false
    private var isStopped = false
    private var isPaused = false
    private var deliveries: DeliveryEra
    /// Counts what ends subscriptions: a start or an attempt of before has no say any more.
    private var era = 0

    package init(of sidecar: Sidecar, declared: [Subscription]) {
        self.sidecar = sidecar
        self.declared = declared
        deliveries = DeliveryEra(on: sidecar.sandbox.loop.reactor)
    }

    package func appIsReady() async {
        guard !isStopped, !isStarted, !sidecar.pubSubComponents.isEmpty else { return }
        isStarted = true
        await ask()
        await restart()
    }

    package func appIsUnhealthy() async {
        isStarted = false
        await cancel()
    }

    /// Ends every subscription; what is being delivered is waited for.
    package func stop() async {
        isStopped = true
        await cancel()
    }

    /// The same for an application that may never answer: what it has not answered within `patience`
    /// counts for nothing.
    package func stop(patience: Duration) async {
        isStopped = true
        _ = await pause(patience: patience)
    }

    /// Takes other declarative subscriptions in place of those there are (hot reload).
    package func replace(declared: [Subscription]) async {
        self.declared = declared
        await restart()
    }

    /// Of several at a time the last one starts, with what is known by then.
    private func restart() async {
        guard isStarted, !isStopped, !isPaused else { return }
        if await cancel() { await start() }
    }

    /// All that is known by now, for the same application in another sandbox.
    package var known: [Subscription] {
        var all: [Subscription] = []
        for subscription in declared + asked { all.add(subscription) }
        return all
    }

    // MARK: Pausing

    /// Ends every subscription for a while: when it returns, nothing is being delivered. What is under
    /// way is answered, at most for `patience`, and not repeated; then it counts for nothing.
    ///
    /// - Returns: how many deliveries were given up.
    package func pause(patience: Duration) async -> Int {
        isPaused = true
        deliveries.end()
        era += 1
        let running = consumers
        consumers = []
        active = []
        let begun = Waiters(on: sidecar.sandbox.loop.reactor)
        var rest = running.count
        for consumer in running {
            sidecar.sandbox.loop.spawn {
                rest -= 1
                begun.wake()
                // What it does before it first waits is enough: nothing new is handed out.
                await consumer.cancel()
            }
        }
        while rest > 0 { _ = await begun.wait(until: .max) { rest == 0 } }
        return await deliveries.finish(within: patience)
    }

    /// Begins them again.
    package func resume() async {
        isPaused = false
        deliveries = DeliveryEra(on: sidecar.sandbox.loop.reactor)
        guard isStarted, !isStopped, await cancel() else { return }
        await start(tells: false)
    }

    /// - Returns: whether nothing else has ended the subscriptions meanwhile.
    @discardableResult
    private func cancel() async -> Bool {
        era += 1
        let own = era
        let running = consumers
        consumers = []
        active = []
        for consumer in running { await consumer.cancel() }
        return era == own
    }

    // MARK: The application's own

    /// Asked once in a sidecar's life, as in Dapr.
    private func ask() async {
        guard !hasAsked, sidecar.settings.asksForSubscriptions else { return }
        hasAsked = true
        guard let answer = await answer() else { return }
        let body = (try? await answer.body.collect(upTo: Self.answerLimit)) ?? []
        switch answer.status {
        case 200: break
        case 404:
            return log(.debug, "application returned 404: no programmatic subscriptions")
        default:
            sidecar.noteSubscriptions(
                status: answer.status, body, [],
                problem: "\(sidecar.appID) failed when it was asked for its subscriptions")
            return log(
                .error,
                "application returned http status code \(answer.status) from subscription endpoint")
        }
        do throws(SubscriptionReader.Refusal) {
            let result = try SubscriptionReader.programmatic(body)
            for warning in result.warnings { log(.warn, warning) }
            asked = result.subscriptions
            sidecar.noteSubscriptions(status: 200, body, asked)
        } catch {
            switch error {
            case .json(let text):
                sidecar.noteSubscriptions(
                    status: 200, body, [],
                    problem:
                        "the answer to GET /dapr/subscribe is no list of subscriptions: \(text)")
                log(.error, "error deserializing subscription: \(text)")
            case .rule(let problem):
                sidecar.noteSubscriptions(status: 200, body, [], problem: problem.text)
                log(.error, "failed to subscribe to topics: \(problem.text) ")
                if let hint = problem.hint { log(.error, hint) }
            }
        }
    }

    private static let answerLimit = 4 << 20

    /// Only a failed connection is tried again: three times, half a second and longer apart.
    private func answer() async -> AppResponse? {
        let request = AppRequest(
            method: "GET", target: Array("/dapr/subscribe".utf8)[...],
            fields: [
                AppField("Content-Type", "application/json"),
                AppField("Dapr-App-Id", sidecar.appID),
                AppField("User-Agent", "Go-http-client/1.1"),
            ])
        var pause = Duration.milliseconds(500)
        for attempt in 0...3 where !isStopped {
            do throws(AppChannelError) { return try await sidecar.appChannel?.call(request) } catch
            {
                log(.debug, "failed getting http subscriptions, starting retry: \(error.text)")
            }
            guard attempt < 3 else { break }
            await sidecar.sandbox.loop.reactor.sleep(for: pause)
            pause = min(pause * 3 / 2, .seconds(1))
        }
        return nil
    }

    // MARK: Starting

    private func start(tells: Bool = true) async {
        let own = era
        for subscription in known {
            await start(subscription, in: own)
            guard era == own else { return }
        }
        if tells { tell() }
    }

    private func start(_ subscription: Subscription, in era: Int) async {
        guard
            let component = sidecar.pubSubComponents.first(where: {
                $0.name == subscription.pubsub
            })
        else { return }
        guard component.scopes.maySubscribe(to: subscription.topic) else {
            return log(
                .error,
                "failed to subscribe to topic \(subscription.topic) through pubsub "
                    + "\(component.name): subscription to topic '\(subscription.topic)' on pubsub "
                    + "'\(component.name)' is not allowed")
        }
        active.append(subscription)
        if await begin(subscription, component, in: era) { return }
        // A broker that is not there yet is asked again until it is.
        sidecar.sandbox.loop.spawn {
            var pause = Duration.milliseconds(200)
            while self.era == era {
                await self.sidecar.sandbox.loop.reactor.sleep(for: pause)
                guard self.era == era else { return }
                if await self.begin(subscription, component, in: era) { return }
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func begin(
        _ subscription: Subscription, _ component: PubSubComponent, in era: Int
    ) async -> Bool {
        let handler: any MessageHandler =
            subscription.bulk.isEnabled
            ? BulkDelivery(of: subscription, from: component, to: sidecar, in: deliveries)
            : Delivery(of: subscription, from: component, to: sidecar, in: deliveries)
        let wanted = BrokerSubscription(
            topic: subscription.topic, group: component.group, metadata: subscription.metadata,
            concurrency: subscription.bulk.isEnabled ? subscription.bulk.maxMessages : 1)
        do throws(BrokerError) {
            let consumer = try await component.broker.subscribe(
                wanted, FaultyHandler(handler, component.name, of: sidecar))
            guard self.era == era else {
                await consumer.cancel()
                return true
            }
            consumers.append(consumer)
            return true
        } catch {
            log(
                .error,
                "failed to subscribe to topic \(subscription.topic) through pubsub "
                    + "\(component.name): \(error.text)")
            return false
        }
    }

    private func tell() {
        for component in sidecar.pubSubComponents {
            let topics = active.filter { $0.pubsub == component.name }.map(\.topic)
            guard !topics.isEmpty else { continue }
            log(
                .info,
                "app is subscribed to the following topics: [[\(topics.joined(separator: " "))]] "
                    + "through pubsub=\(component.name)")
        }
    }

    private func log(_ level: LogLevel, _ text: String) {
        sidecar.log?.write(level, text, scope: "dapr.runtime.processor.subscription")
    }
}
