internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON

/// `/v1.0/metadata`: what the sidecar is and has, and a place for callers' own notes.
enum MetadataEndpoints {
    static var all: [Endpoint] {
        [
            Endpoint(["GET"], "/v1.0/metadata", .metadata, handle: get),
            Endpoint(["PUT"], "/v1.0/metadata/{key}", .metadata, handle: put),
        ]
    }

    /// The daprd whose behaviour this is.
    static let runtimeVersion = "1.18.3"

    private static func put(_ call: Call) async throws(APIError) -> Response {
        let value = try await call.readBody(refusal: APIError.bodyRead)
        call.sidecar.setExtended(String(text: call.parameter(0)), to: String(text: value))
        return .noContent
    }

    private static func get(_ call: Call) async throws(APIError) -> Response {
        .json(200, document(call.sidecar))
    }

    /// Empty parts are left out, as Dapr does.
    private static func document(_ sidecar: Sidecar) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        writer.member("id", sidecar.appID)
        writer.member("runtimeVersion", runtimeVersion)
        writeFeatures(&writer)
        writeComponents(sidecar, &writer)
        writeExtended(sidecar, &writer)
        writeSubscriptions(sidecar, &writer)
        writeEndpoints(sidecar, &writer)
        writeAppConnection(sidecar.settings, &writer)
        writeActorRuntime(sidecar, &writer)
        writeResiliencies(sidecar.resiliency.names, &writer)
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private static func writeFeatures(_ writer: inout JSONWriter) {
        writer.key("enabledFeatures")
        writer.beginArray()
        writer.string("HotReload")
        writer.string("WorkflowsRemoteActivityReminder")
        writer.endArray()
    }

    private static func writeComponents(_ sidecar: Sidecar, _ writer: inout JSONWriter) {
        guard
            !sidecar.stateComponents.isEmpty || !sidecar.pubSubComponents.isEmpty
                || !sidecar.secretComponents.isEmpty
        else { return }
        writer.key("components")
        writer.beginArray()
        for component in sidecar.stateComponents {
            writer.beginObject()
            writer.member("name", component.name)
            writer.member("type", component.type)
            writer.member("version", component.version)
            writer.key("capabilities")
            writer.beginArray()
            for capability in capabilities(component.store.features) { writer.string(capability) }
            writer.endArray()
            writer.endObject()
        }
        for component in sidecar.pubSubComponents {
            writer.beginObject()
            writer.member("name", component.name)
            writer.member("type", component.type)
            writer.member("version", component.version)
            let features = component.broker.features
            if !features.isEmpty {
                writer.key("capabilities")
                writer.beginArray()
                for feature in features { writer.string(feature.rawValue) }
                writer.endArray()
            }
            writer.endObject()
        }
        for component in sidecar.secretComponents { write(component, &writer) }
        writer.endArray()
    }

    private static func write(_ component: SecretComponent, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", component.name)
        writer.member("type", component.type)
        writer.member("version", component.version)
        if component.store.isMultiValued {
            writer.key("capabilities")
            writer.beginArray()
            writer.string("MULTIPLE_KEY_VALUES_PER_SECRET")
            writer.endArray()
        }
        writer.endObject()
    }

    private static func writeSubscriptions(_ sidecar: Sidecar, _ writer: inout JSONWriter) {
        guard let active = sidecar.subscriptions?.active, !active.isEmpty else { return }
        writer.key("subscriptions")
        writer.beginArray()
        for subscription in active {
            writer.beginObject()
            writer.member("pubsubname", subscription.pubsub)
            writer.member("topic", subscription.topic)
            if !subscription.metadata.isEmpty {
                writer.key("metadata")
                writer.beginObject()
                for (name, value) in subscription.metadata.sorted(by: { $0.key < $1.key }) {
                    writer.member(name, value)
                }
                writer.endObject()
            }
            writer.key("rules")
            writer.beginArray()
            for rule in subscription.rules {
                writer.beginObject()
                if let match = rule.matchText { writer.member("match", match) }
                writer.member("path", rule.shownPath)
                writer.endObject()
            }
            writer.endArray()
            writer.member("deadLetterTopic", subscription.deadLetterTopic)
            writer.member("type", subscription.kind.rawValue)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func writeEndpoints(_ sidecar: Sidecar, _ writer: inout JSONWriter) {
        guard !sidecar.httpEndpoints.isEmpty else { return }
        writer.key("httpEndpoints")
        writer.beginArray()
        for endpoint in sidecar.httpEndpoints {
            writer.beginObject()
            writer.member("name", endpoint.name)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func writeHealth(_ check: AppHealthCheck, _ writer: inout JSONWriter) {
        writer.key("health")
        writer.beginObject()
        writer.member("healthCheckPath", check.path)
        writer.member("healthProbeInterval", GoDuration.text(check.interval))
        writer.member("healthProbeTimeout", GoDuration.text(check.timeout))
        writer.key("healthThreshold")
        writer.number(check.threshold)
        writer.endObject()
    }

    /// A store with etags and transactions can hold actors.
    private static func capabilities(_ features: [StateFeature]) -> [String] {
        let canHoldActors = features.contains(.etag) && features.contains(.transactional)
        return features.map(\.rawValue) + (canHoldActors ? ["ACTOR"] : [])
    }

    private static func writeExtended(_ sidecar: Sidecar, _ writer: inout JSONWriter) {
        writer.key("extended")
        writer.beginObject()
        // A map to Go: sorted by key, and nobody can set the version.
        let noted = sidecar.extended.filter { $0.key != "daprRuntimeVersion" }
        let all = noted + [("daprRuntimeVersion", runtimeVersion)]
        for (key, value) in all.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            writer.member(key, value)
        }
        writer.endObject()
    }

    private static func writeAppConnection(
        _ settings: SidecarSettings, _ writer: inout JSONWriter
    ) {
        writer.key("appConnectionProperties")
        writer.beginObject()
        if let port = settings.appPort {
            writer.key("port")
            writer.number(port)
        }
        writer.member("protocol", settings.appProtocol)
        writer.member("channelAddress", settings.appChannelAddress)
        if let most = settings.appMaxConcurrency, most > 0 {
            writer.key("maxConcurrency")
            writer.number(most)
        }
        if let check = settings.appHealthCheck { writeHealth(check, &writer) }
        writer.endObject()
    }

    private static func writeActorRuntime(_ sidecar: Sidecar, _ writer: inout JSONWriter) {
        writer.key("actorRuntime")
        writer.beginObject()
        writer.member("runtimeStatus", sidecar.isReady ? "DISABLED" : "INITIALIZING")
        writer.key("hostReady")
        writer.bool(false)
        if sidecar.isReady { writer.member("placement", "placement: disconnected") }
        writer.endObject()
    }

    /// Those that could not be read are listed, too.
    private static func writeResiliencies(_ names: [String], _ writer: inout JSONWriter) {
        guard !names.isEmpty else { return }
        writer.key("resiliencies")
        writer.beginArray()
        for name in names {
            writer.beginObject()
            writer.member("name", name)
            writer.endObject()
        }
        writer.endArray()
    }
}
