internal import Backends
internal import Bytes
internal import JSON
internal import Transport

/// Hands the messages of one bulk subscription to the application, several in one request
/// (pubsub.md §6 of the specification).
///
/// A batch is sent when it is full, or when its first message has waited long enough. Confined to the
/// sandbox's loop.
final class BulkDelivery: MessageHandler {
    private let sidecar: Sidecar
    private let component: PubSubComponent
    private let subscription: Subscription
    private let deadLetters: Delivery
    private var batch: [Pending] = []
    private var batchNumber = 0

    /// A message whose broker waits for what becomes of it.
    private struct Pending {
        let message: BrokerMessage
        let entryID: String
        let answer: Suspension<MessageOutcome>
    }

    init(
        of subscription: Subscription, from component: PubSubComponent, to sidecar: Sidecar,
        in era: DeliveryEra? = nil
    ) {
        self.subscription = subscription
        self.component = component
        self.sidecar = sidecar
        deadLetters = Delivery(of: subscription, from: component, to: sidecar, in: era)
    }

    func handle(_ message: BrokerMessage) async -> MessageOutcome {
        let id = String(text: sidecar.sandbox.random.uuid())
        return await Suspension<MessageOutcome>.suspend { suspension in
            batch.append(Pending(message: message, entryID: id, answer: suspension))
            if batch.count >= subscription.bulk.maxMessages {
                flush()
            } else if batch.count == 1 {
                let number = batchNumber
                sidecar.sandbox.loop.reactor.after(subscription.bulk.maxAwait) {
                    if self.batchNumber == number { self.flush() }
                }
            }
        }
    }

    private func flush() {
        let full = batch
        batch = []
        batchNumber += 1
        guard !full.isEmpty else { return }
        sidecar.sandbox.loop.spawn { await self.deliver(full) }
    }

    // MARK: One batch

    /// What was made of an entry: its event, or why there is none.
    private struct Entry {
        let pending: Pending
        let event: EventReading
    }

    private func deliver(_ batch: [Pending]) async {
        var byPath: [(path: String, entries: [Entry])] = []
        for pending in batch {
            switch deadLetters.prepare(pending.message) {
            case .success(let (event, path)):
                let entry = Entry(pending: pending, event: event)
                if let index = byPath.firstIndex(where: { $0.path == path }) {
                    byPath[index].entries.append(entry)
                } else {
                    byPath.append((path, [entry]))
                }
            case .failure(let verdict):
                pending.answer.resume(
                    returning: await deadLetters.settle(pending.message, verdict))
            }
        }
        for (path, entries) in byPath { await post(entries, to: path) }
    }

    private func post(_ entries: [Entry], to path: String) async {
        let results = await results(of: entries, path)
        for (entry, (status, verdict)) in zip(entries, results) {
            // An unknown path of the application drops its entries past the dead letters.
            let outcome =
                status == 404
                ? .done : await deadLetters.settle(entry.pending.message, verdict)
            entry.pending.answer.resume(returning: outcome)
        }
    }

    private typealias EntryResult = (status: Int, verdict: Delivery.Verdict)

    /// What the application says of each entry; under a policy those that failed are sent again.
    private func results(of entries: [Entry], _ path: String) async -> [EntryResult] {
        guard let policy = deadLetters.policy else { return await send(entries, to: path) }
        let rest = Remaining(entries)
        do throws(PolicyError) {
            _ = try await policy.run(for: deadLetters.era, cancelsLate: true) {
                let open = rest.next()
                return (
                    open,
                    await self.send(open.map { entries[$0] }, to: path, repeats: rest.repeats)
                )
            } judge: { open, results in
                rest.take(results, of: open)
            }
        } catch {
            rest.fail(error.text)
        }
        return rest.results
    }

    /// The entries that have not been taken yet.
    private final class Remaining {
        private(set) var results: [EntryResult]
        /// Places in the list of entries.
        private var open: [Int]
        /// How often those of them were sent before.
        private(set) var repeats = -1

        init(_ entries: [Entry]) {
            results = entries.map { _ in (0, .failed("not sent")) }
            open = Array(entries.indices)
        }

        /// Which are sent now.
        func next() -> [Int] {
            repeats += 1
            return open
        }

        func take(_ taken: [EntryResult], of places: [Int]) -> PolicyVerdict {
            for (place, result) in zip(places, taken) { results[place] = result }
            open = places.filter { results[$0].verdict.forPolicy != .success }
            return open.first.map { results[$0].verdict.forPolicy } ?? .success
        }

        func fail(_ text: String) {
            for place in open { results[place] = (0, .failed(text)) }
        }
    }

    private func send(
        _ entries: [Entry], to path: String, repeats: Int = 0
    ) async -> [EntryResult] {
        let (status, body) =
            await deadLetters.era.calling { await call(envelope(entries), path, entries) }
            ?? (0, [])
        let verdicts = BulkVerdicts.read(status, body, entries.map(\.pending.entryID))
        for (entry, verdict) in zip(entries, verdicts) {
            var message = entry.pending.message
            message.attempt += repeats
            deadLetters.record(
                message, path, status: status, entry.event.bytes, body,
                status == 0 ? .unreachable : verdict.outcome)
        }
        return verdicts.map { (status, $0) }
    }

    private func call(
        _ envelope: ByteSlice, _ path: String, _ entries: [Entry]
    ) async -> (status: Int, body: ByteSlice) {
        guard let channel = sidecar.appChannel, let first = entries.first else { return (0, []) }
        let request = AppRequest(
            method: "POST", target: DeliveryFields.target(path),
            fields: DeliveryFields.all(
                BrokerMessage(topic: subscription.topic, data: []), first.event, component.name,
                sidecar, contentType: "application/json"),
            body: .bytes(envelope), deadline: deadLetters.policy?.deadline)
        let fault = await deadLetters.meetFaults(first.pending.message, path)
        guard !deadLetters.era.isEnding else { return (0, []) }
        let work = sidecar.sandbox.clock.work.begin()
        defer { sidecar.sandbox.clock.work.end(work) }
        do throws(AppChannelError) {
            let answer = if let fault { try fault.get() } else { try await channel.call(request) }
            let body = (try? await answer.body.collect(upTo: 4 << 20)) ?? []
            return (answer.status, body)
        } catch {
            return (0, [])
        }
    }

    private func envelope(_ entries: [Entry]) -> ByteSlice {
        var writer = JSONWriter(reserving: entries.reduce(512) { $0 + $1.event.bytes.count + 256 })
        writer.beginObject()
        writer.member("id", String(text: sidecar.sandbox.random.uuid()))
        writer.member("type", "com.dapr.event.sent.bulk")
        writer.member("topic", subscription.topic)
        writer.member("pubsubname", component.name)
        writer.key("metadata")
        writer.beginObject()
        writer.member("pubsubName", component.name)
        writer.endObject()
        writer.key("entries")
        writer.beginArray()
        for entry in entries { write(entry, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes[...]
    }

    private func write(_ entry: Entry, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("entryId", entry.pending.entryID)
        writer.key("event")
        if subscription.isRaw {
            writer.string(String(text: Base64.encode(entry.pending.message.data)))
        } else {
            writer.raw(entry.event.bytes)
        }
        writer.key("metadata")
        writer.beginObject()
        for (name, value) in entry.pending.message.metadata.sorted(by: { $0.key < $1.key }) {
            writer.member(name, value)
        }
        writer.endObject()
        writer.member(
            "contentType",
            subscription.isRaw ? "application/octet-stream" : "application/cloudevents+json")
        writer.endObject()
    }
}

/// What an application says of each entry of a batch. Pure.
enum BulkVerdicts {
    static func read(_ status: Int, _ body: ByteSlice, _ ids: [String]) -> [Delivery.Verdict] {
        if status == 404 { return ids.map { _ in .dropped } }
        guard 200..<300 ~= status else {
            let code = status > 0 ? status : nil
            return ids.map { _ in
                .failed("retriable error: status code returned: \(status)", code: code)
            }
        }
        var statuses: [String: String] = [:]
        for entry in (try? JSONValue.parse(body))?["statuses"]?.array ?? [] {
            guard let id = entry["entryId"]?.string else { continue }
            statuses[id] = entry["status"]?.string ?? ""
        }
        return ids.map { id in
            switch statuses[id] {
            case "SUCCESS": .taken
            case "DROP": .dropped
            case let other?: .failed("status of entry \(id): \(other)")
            // What the application does not speak of has not been taken.
            case nil: .failed("no status for entry \(id)")
            }
        }
    }
}
