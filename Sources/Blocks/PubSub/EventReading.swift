internal import Backends
internal import Bytes
internal import CEL
internal import JSON

/// Why a message is no event that can be delivered.
struct EventError: Error, Equatable {
    let text: String
}

/// A message as an event: its bytes, and the few members that its sidecar looks at.
struct EventReading {
    /// What the application gets.
    let bytes: ByteSlice
    private(set) var id = ""
    private(set) var expiration = ""
    private(set) var traceParent: String?
    private(set) var traceState: String?

    /// A raw subscription's message gets an envelope here; any other is its own.
    static func read(
        _ message: BrokerMessage, _ subscription: Subscription, _ pubsub: String, _ sidecar: Sidecar
    ) -> Result<EventReading, EventError> {
        if subscription.isRaw {
            let id = String(text: sidecar.sandbox.random.uuid())
            let envelope = CloudEvent.raw(
                message.data, topic: message.topic, pubsub: pubsub, id: id,
                metadata: message.metadata)
            return EventReading.parse(envelope[...])
        }
        return parse(message.data)
    }

    private static func parse(_ bytes: ByteSlice) -> Result<EventReading, EventError> {
        guard let json = ExactJSON.reader(bytes) else {
            return .failure(EventError(text: syntaxError(bytes)))
        }
        guard json.kind == .object else {
            return .failure(
                EventError(
                    text: "json: cannot unmarshal \(json.kind.goName) into Go value of type "
                        + "map[string]interface {}"))
        }
        return .success(EventReading(bytes, json))
    }

    private static func syntaxError(_ bytes: ByteSlice) -> String {
        do throws(JSONSyntaxError) { _ = try JSONValue.parse(bytes) } catch { return error.text }
        return "invalid event"
    }

    private init(_ bytes: ByteSlice, _ json: JSONReader) {
        self.bytes = bytes
        var parent: String?
        var trace: String?
        json.forEachMember { name, value in
            guard value.kind == .string else { return }
            switch name.count {
            case 2 where name.equals("id"): id = String(text: value.string)
            case 10 where name.equals("expiration"): expiration = String(text: value.string)
            case 7 where name.equals("traceid"): trace = String(text: value.string)
            case 11 where name.equals("traceparent"): parent = String(text: value.string)
            case 10 where name.equals("tracestate"): traceState = String(text: value.string)
            default: return
            }
        }
        traceParent = parent ?? trace
    }

    func hasExpired(at now: Timestamp) -> Bool {
        guard !expiration.isEmpty, let time = Timestamp(rfc3339: expiration) else { return false }
        return time < now
    }

    /// The event as routing rules see it.
    var value: CELValue {
        (try? JSONValue.parse(bytes)).map { CELValue($0) } ?? .null
    }
}

/// What an application is told with an event.
enum DeliveryFields {
    private static let agent = AppField("User-Agent", "Go-http-client/1.1")
    private static let eventType = (
        text: "application/cloudevents+json",
        field: AppField("Content-Type", "application/cloudevents+json")
    )

    /// What the delivery itself says, and what is between two ends of a connection (RFC 9110 §7.6.1):
    /// metadata of these names goes no further.
    private static let own: Set<String> = [
        "content-length", "content-type", "pubsubname", "host", "connection", "transfer-encoding",
        "te",
        "trailer", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate",
        "upgrade", "expect", "http2-settings",
    ]

    static func target(_ path: String) -> ByteSlice { Array(path.utf8)[...] }

    static func all(
        _ message: BrokerMessage, _ event: EventReading, _ pubsub: String, _ sidecar: Sidecar,
        contentType: String = "application/cloudevents+json"
    ) -> [AppField] {
        let trace = TraceParent.handed(
            on: event.traceParent, sidecar.settings.tracing, sidecar.sandbox.random)
        var fields = [
            contentType == eventType.text ? eventType.field : AppField("Content-Type", contentType)
        ]
        var hasAgent = false
        for (name, value) in message.metadata.sorted(by: { $0.key < $1.key }) where isToken(name) {
            let lower = name.lowercased()
            guard !own.contains(lower), !lower.hasSuffix("-bin") else { continue }
            if trace != nil, lower == "traceparent" || lower == "tracestate" { continue }
            if lower == "user-agent" { hasAgent = true }
            fields.append(AppField(lower.hasPrefix("grpc-") ? "dapr-\(name)" : name, value))
        }
        if !hasAgent { fields.append(agent) }
        fields.append(AppField("Pubsubname", pubsub))
        if let trace {
            fields.append(AppField("Traceparent", trace))
            if let state = event.traceState, !state.isEmpty {
                fields.append(AppField("Tracestate", state))
            }
        }
        return fields
    }

    /// What no header could be named is left out (RFC 9110 §5.6.2).
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: Array("!#$%&'*+-.^_`|~".utf8).contains($0)
                }
            }
    }
}
