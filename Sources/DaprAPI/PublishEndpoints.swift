internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON

/// `/v1.0/publish/…`: one message, and several in one request.
enum PublishEndpoints {
    static var all: [Endpoint] {
        [
            Endpoint(
                ["POST", "PUT"], "/v1.0/publish/bulk/{pubsubname}/{topic...}", .publish,
                handle: publishBulk),
            Endpoint(
                ["POST", "PUT"], "/v1.0-alpha1/publish/bulk/{pubsubname}/{topic...}", .publish,
                version: "v1alpha1", handle: publishBulk),
            Endpoint(
                ["POST", "PUT"], "/v1.0/publish/{pubsubname}/{topic...}", .publish, handle: publish),
        ]
    }

    private static func publish(_ call: Call) async throws(APIError) -> Response {
        let (component, topic) = try address(call)
        let metadata = call.query.metadata
        let body = try await call.readBody {
            APIError.publish(component.name, topic, $0)
        }
        try await call.meetFaults(.publish)
        let contentType = call.request.head.fields["content-type"].map { String(text: $0) }
        do throws(PublishProblem) {
            try await call.pubSub.publish(
                body, contentType: contentType, to: topic, of: component, metadata: metadata,
                trace: call.span)
            return .noContent
        } catch {
            throw apiError(error, component, topic, call.sidecar.appID)
        }
    }

    private static func publishBulk(_ call: Call) async throws(APIError) -> Response {
        let (component, topic) = try address(call)
        let metadata = call.query.metadata
        let body = try await call.readBody {
            APIError.unmarshalEvents(component.name, topic, $0)
        }
        let entries = try entries(body, component.name, topic, metadata)
        try await call.meetFaults(.publish)
        let failed: [(id: String, error: BrokerError)]
        do throws(PublishProblem) {
            failed = try await call.pubSub.publish(
                entries, to: topic, of: component, metadata: metadata, trace: call.span)
        } catch {
            throw apiError(error, component, topic, call.sidecar.appID)
        }
        return failed.isEmpty ? .noContent : failure(failed)
    }

    // MARK: In

    private static func address(
        _ call: Call
    ) throws(APIError) -> (PubSubComponent, topic: String) {
        let name = String(text: call.parameter(0))
        let topic = String(text: call.parameter(1))
        let component: PubSubComponent
        do throws(PublishProblem) { component = try call.pubSub.component(name) } catch {
            throw .pubSubNotFound(name, call.query.metadata)
        }
        call.detail.message = MessageRecord(pubsub: name, topic: topic)
        guard !topic.isEmpty else { throw .emptyTopic(name) }
        return (component, topic)
    }

    private static func entries(
        _ body: ByteSlice, _ pubsub: String, _ topic: String, _ metadata: Metadata
    ) throws(APIError) -> [BulkEntry] {
        let requests: [BulkPublishEntry]
        do throws(GoDecodingError) { requests = try BulkPublishRequest.decode(body) } catch {
            throw .unmarshalEvents(pubsub, topic, error.text)
        }
        var ids: Set<ByteSlice> = []
        var entries: [BulkEntry] = []
        for request in requests {
            let event: ByteSlice
            do throws(BulkPublishEntry.Misfit) { event = try request.bytes() } catch {
                throw .marshalEnvelope(pubsub, topic, error)
            }
            guard !request.entryID.isEmpty, ids.insert(request.entryID).inserted else {
                throw .marshalEvents(pubsub, topic)
            }
            let own = request.metadata.map { metadata.merging($0) { $1 } }
            entries.append(
                BulkEntry(
                    id: String(text: request.entryID), event: event,
                    contentType: String(text: request.contentType), metadata: own))
        }
        return entries
    }

    // MARK: Out

    private static func apiError(
        _ problem: PublishProblem, _ component: PubSubComponent, _ topic: String, _ appID: String
    ) -> APIError {
        let name = component.name
        switch problem {
        case .notFound: return .pubSubNotFound(name, [:])
        case .badRawPayload(let value): return .rawPayload(name, value)
        case .notAnEvent: return .notAnEvent(name, appID)
        case .forbidden: return .forbiddenTopic(name, topic, appID)
        case .broker(let error): return .publish(name, topic, error.text)
        }
    }

    private static func failure(_ failed: [(id: String, error: BrokerError)]) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("failedEntries")
        writer.beginArray()
        for (id, error) in failed {
            writer.beginObject()
            writer.member("entryId", id)
            writer.member("error", error.text)
            writer.endObject()
        }
        writer.endArray()
        writer.member("errorCode", "ERR_PUBSUB_PUBLISH_MESSAGE")
        writer.endObject()
        var response = Response.json(500, writer.bytes)
        response.fields.append(.init("metadata.responseData", String(text: writer.bytes)))
        response.fields.append(.init("metadata.error", failed.first?.error.text ?? ""))
        return response
    }
}
