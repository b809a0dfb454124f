package import Backends
package import Bytes
internal import JSON

/// One key of a state store as people name it, with all that belongs to it: what seeds and snapshots
/// are made of.
package struct SeededKey: Sendable, Equatable {
    /// The component's name.
    package var store: String
    /// Whose key it is, where a component keeps those of each app apart; nil for the first app that has
    /// the component.
    package var appID: String?
    /// Without a prefix.
    package var key: ByteSlice
    package var value: ByteSlice
    /// nil lets the store make one.
    package var etag: ETag?
    /// How long it is to live yet; nil for ever.
    package var ttl: Duration?
    /// Whether it was last written `first-write`, which Redis remembers.
    package var isFirstWrite = false

    package init(store: String, appID: String? = nil, key: ByteSlice, value: ByteSlice) {
        self.store = store
        self.appID = appID
        self.key = key
        self.value = value
    }

    /// Whether both hold the same value; JSON may be written differently.
    func hasValue(of other: SeededKey) -> Bool {
        if value == other.value { return true }
        guard let own = try? JSONValue.parse(value), let others = try? JSONValue.parse(other.value)
        else { return false }
        return own == others
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        if let appID { writer.member("app", appID) }
        writer.key("key")
        writer.string(key)
        writer.value(value, named: "value")
        if let etag { writer.member("etag", String(text: etag)) }
        if let ttl { writer.member("ttl", GoDuration.text(ttl)) }
        if isFirstWrite {
            writer.key("firstWrite")
            writer.bool(true)
        }
        writer.endObject()
    }
}

extension JSONWriter {
    /// JSON as it is; anything else in Base64, as `…Base64`.
    mutating func value(_ bytes: ByteSlice, named name: String) {
        if let scanned = try? JSONScanner.wholeValue(of: bytes, maxDepth: 90) {
            key(name)
            raw(bytes[scanned.range])
        } else {
            member("\(name)Base64", String(text: Base64.encode(bytes)))
        }
    }
}

/// Where seeded keys lie in the stores of a sandbox.
extension Sandbox {
    /// The component a key is meant for.
    private func component(
        of seeded: SeededKey
    ) throws(ContentsFailure) -> StateComponent {
        let named = sidecars.filter { seeded.appID == nil || $0.appID == seeded.appID }
        guard !named.isEmpty else {
            throw ContentsFailure(
                unknown("app", seeded.appID ?? "", sidecars.map(\.appID)), isRequest: true)
        }
        let components = named.flatMap(\.stateComponents)
        guard let component = components.first(where: { $0.name == seeded.store }) else {
            throw ContentsFailure(
                unknown("state store", seeded.store, components.map(\.name)), isRequest: true)
        }
        guard !KeyPrefix.isIllegal(seeded.key) else {
            throw ContentsFailure(
                "the key \(String(text: seeded.key)) holds ||, which no key may",
                isRequest: true)
        }
        return component
    }

    func unknown(_ what: String, _ name: String, _ known: [String]) -> String {
        let known = Set(known).sorted()
        return "there is no \(what) `\(name)`: "
            + (known.isEmpty ? "the sandbox has none" : "there is \(known.joined(separator: ", "))")
    }

    /// The entries of each store; all are checked before any is written.
    func entries(
        of keys: [SeededKey]
    ) throws(ContentsFailure) -> [(own: OwnStore, entries: [StateEntry])] {
        var entries = ownStores.map { (own: $0, entries: [StateEntry]()) }
        let isDapr = sidecars.first?.settings.values == .dapr
        for seeded in keys {
            let component = try component(of: seeded)
            guard let index = entries.firstIndex(where: { $0.own.store === component.store })
            else { continue }
            entries[index].entries.append(
                StateEntry(
                    key: component.keyPrefix.stored(seeded.key),
                    value: isDapr
                        ? StoredForm.dapr(seeded.value, family: component.family) : seeded.value,
                    etag: seeded.etag, expiry: seeded.ttl.map { clock.now.adding($0) },
                    isFirstWrite: seeded.isFirstWrite))
        }
        return entries
    }

    /// What the stores hold, by component, app and key.
    func seededKeys() async throws(ContentsFailure) -> [SeededKey] {
        var keys: [SeededKey] = []
        for own in ownStores {
            let entries: [StateEntry]
            do throws(StateError) { entries = try await own.store.export(own.scope) } catch {
                throw ContentsFailure("cannot read the state of \(own.component): \(error.words)")
            }
            let now = clock.now
            keys += entries.compactMap { seededKey($0, in: own, now) }
        }
        return keys
    }

    private func seededKey(_ entry: StateEntry, in own: OwnStore, _ now: Timestamp) -> SeededKey? {
        for sidecar in sidecars {
            for component in sidecar.stateComponents where component.store === own.store {
                guard KeyScope([component.keyPrefix.bytes]).contains(entry.key) else { continue }
                var seeded = SeededKey(
                    store: component.name, appID: sidecar.appID,
                    key: component.keyPrefix.bare(entry.key), value: entry.value)
                seeded.etag = entry.etag
                seeded.ttl = entry.expiry.map {
                    let left = $0.nanoseconds(since: now)
                    // Rounded up: what is left is never nothing.
                    return .milliseconds(left / 1_000_000 + (left % 1_000_000 > 0 ? 1 : 0))
                }
                seeded.isFirstWrite = entry.isFirstWrite
                return seeded
            }
        }
        return nil
    }
}
