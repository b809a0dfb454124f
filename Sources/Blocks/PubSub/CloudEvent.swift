package import Backends
package import Bytes
internal import JSON

/// What a publish request says, as far as its envelope is concerned.
package struct PublishedEvent {
    package var data: ByteSlice
    /// The request's `Content-Type`, as it was sent; nil for none.
    package var contentType: String?
    package var pubsub: String
    package var topic: String
    package var appID: String
    package var metadata: Metadata
    /// The current span; empty when there is none.
    package var traceParent: String
    package var traceState: String
    package var now: Timestamp
    /// Seconds that this machine's zone is east of UTC.
    package var zone: Int
    package var id: String

    package init(
        data: ByteSlice, contentType: String?, pubsub: String, topic: String, appID: String,
        metadata: Metadata, traceParent: String, traceState: String, now: Timestamp, zone: Int,
        id: String
    ) {
        self.data = data
        self.contentType = contentType
        self.pubsub = pubsub
        self.topic = topic
        self.appID = appID
        self.metadata = metadata
        self.traceParent = traceParent
        self.traceState = traceState
        self.now = now
        self.zone = zone
        self.id = id
    }

    /// What stands before `;`, in lower case.
    var mediaType: String {
        String((contentType ?? "text/plain").prefix { $0 != ";" }).lowercased()
    }
}

/// CloudEvents as Dapr wraps and reads them (pubsub.md §1 of the specification). Pure.
package enum CloudEvent {
    /// Why a body of type `application/cloudevents+json` is none.
    package struct NotAnEvent: Error {}

    /// The envelope: members in alphabetical order.
    package static func envelope(_ event: PublishedEvent) throws(NotAnEvent) -> [UInt8] {
        let mediaType = event.mediaType
        if mediaType == "application/cloudevents+json" { return try passedThrough(event) }
        let overrides = Overrides(event.metadata)
        let trace = overrides["traceparent"] ?? overrides["traceid"] ?? event.traceParent
        var writer = JSONWriter(reserving: 512 + event.data.count)
        writer.beginObject()
        switch mediaType {
        case "application/json":
            writer.key("data")
            // A body that is no JSON becomes a text, without a word.
            writer.raw(ExactJSON.rewritten(event.data) ?? ExactJSON.string(event.data))
        case "application/octet-stream", "application/cloudevents+protobuf":
            writer.member("data_base64", String(text: Base64.encode(event.data)))
        default:
            writer.key("data")
            writer.raw(ExactJSON.string(event.data))
        }
        writer.member("datacontenttype", event.contentType ?? "text/plain")
        if let expiry = TimeToLive.expiry(event.metadata, at: event.now) {
            writer.member("expiration", expiry.rfc3339)
        }
        writer.member("id", overrides["id"] ?? event.id)
        writer.member("pubsubname", event.pubsub)
        writer.member("source", overrides["source"] ?? event.appID)
        writer.member("specversion", "1.0")
        if let subject = overrides["subject"] { writer.member("subject", subject) }
        writer.member("time", event.now.rfc3339(offset: event.zone))
        writer.member("topic", event.topic)
        writer.member("traceid", trace)
        writer.member("traceparent", trace)
        writer.member("tracestate", overrides["tracestate"] ?? event.traceState)
        writer.member("type", overrides["type"] ?? "com.dapr.event.sent")
        writer.endObject()
        return writer.bytes
    }

    /// The same event with what Dapr sets or adds.
    private static func passedThrough(_ event: PublishedEvent) throws(NotAnEvent) -> [UInt8] {
        guard let body = ExactJSON.reader(event.data), body.kind == .object else {
            throw NotAnEvent()
        }
        var members = Members()
        body.forEachMember { members.set(String(text: $0), ExactJSON.rewritten($1)) }
        for (name, value) in [
            ("source", "Dapr"), ("type", "com.dapr.event.sent"), ("specversion", "1.0"),
        ] where members.isAbsentOrNull(name) {
            members.set(name, string: value)
        }
        if !members.has("time") {
            members.set("time", string: event.now.rfc3339(offset: event.zone))
        }
        if !members.has("traceid") {
            members.set("traceid", string: event.traceParent)
            members.set("traceparent", string: event.traceParent)
        }
        if !members.has("tracestate") { members.set("tracestate", string: event.traceState) }
        members.set("topic", string: event.topic)
        members.set("pubsubname", string: event.pubsub)
        if let expiry = TimeToLive.expiry(event.metadata, at: event.now) {
            members.set("expiration", string: expiry.rfc3339)
        }
        return members.json
    }

    /// The envelope that a subscriber with `rawPayload` gets of bytes that have none.
    package static func raw(
        _ data: ByteSlice, topic: String, pubsub: String, id: String, metadata: Metadata
    ) -> [UInt8] {
        var members = Members()
        members.set("data_base64", string: String(text: Base64.encode(data)))
        members.set("datacontenttype", string: "application/octet-stream")
        members.set("id", string: id)
        members.set("pubsubname", string: pubsub)
        members.set("source", string: "Dapr")
        members.set("specversion", string: "1.0")
        members.set("topic", string: topic)
        members.set("type", string: "com.dapr.event.sent")
        for name in ["traceid", "traceparent", "tracestate"] {
            guard let value = metadata[ignoringCase: name] else { continue }
            members.set(name, string: value)
        }
        return members.json
    }

    /// Members by name, the last of one name counts.
    private struct Members {
        private var all: [(name: String, json: [UInt8])] = []

        init() { all.reserveCapacity(16) }

        mutating func set(_ name: String, _ json: [UInt8]) { all.append((name, json)) }

        mutating func set(_ name: String, string: String) { set(name, ExactJSON.string(string)) }

        func has(_ name: String) -> Bool { all.contains { $0.name == name } }

        func isAbsentOrNull(_ name: String) -> Bool {
            all.last { $0.name == name }.map { $0.json == Array("null".utf8) } ?? true
        }

        /// Sorted by name; of one name the last one set.
        var json: [UInt8] {
            let order = all.indices.sorted {
                (all[$0].name, $0) < (all[$1].name, $1)
            }
            var writer = JSONWriter(reserving: all.reduce(256) { $0 + $1.json.count })
            writer.beginObject()
            for (place, index) in order.enumerated() {
                let next = place + 1
                if next < order.count, all[order[next]].name == all[index].name { continue }
                writer.key(all[index].name)
                writer.raw(all[index].json)
            }
            writer.endObject()
            return writer.bytes
        }
    }

    /// `metadata.cloudevent.NAME=value`, names without regard to case.
    private struct Overrides {
        private var values: [String: String] = [:]

        init(_ metadata: Metadata) {
            for (name, value) in metadata {
                let lower = name.lowercased()
                guard lower.hasPrefix("cloudevent.") else { continue }
                values[String(lower.dropFirst("cloudevent.".count))] = value
            }
        }

        subscript(name: String) -> String? { values[name] }
    }
}

/// `ttl` and `ttlInSeconds` of a message.
package enum TimeToLive {
    /// When a message expires; nil for one that does not.
    package static func expiry(_ metadata: Metadata, at now: Timestamp) -> Timestamp? {
        guard !metadata.isEmpty else { return nil }
        for name in ["ttl", "ttlInSeconds"] {
            guard let text = metadata[ignoringCase: name], !text.isEmpty else { continue }
            if let seconds = Int64(text) {
                // A negative number is ignored; a negative duration is not.
                return seconds < 0 ? nil : now.adding(seconds: seconds)
            }
            guard let duration = GoDuration.parse(text) else { return nil }
            let (seconds, attoseconds) = duration.components
            let whole = now.adding(seconds: seconds)
            return Timestamp(nanoseconds: whole.nanoseconds &+ attoseconds / 1_000_000_000)
        }
        return nil
    }
}

extension Metadata {
    /// The value of a name, whatever its case.
    package subscript(ignoringCase name: String) -> String? {
        if let value = self[name] { return value }
        guard !isEmpty else { return nil }
        let lower = name.lowercased()
        return first { $0.key.lowercased() == lower }?.value
    }
}

/// Go's `strconv.ParseBool`.
package enum GoParseBool {
    package static func parse(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }
}
