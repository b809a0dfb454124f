internal import Bytes
internal import JSON

/// The errors of the API, one row each: status, code, message, details. Reads beside `errors.md` of
/// the specification.
extension APIError {
    // MARK: Routing and health

    static var noTarget: APIError {
        APIError(
            404, "ERR_DIRECT_INVOKE",
            "failed getting app id either from the URL path or the header dapr-app-id")
    }

    static func invocation(_ id: String, _ detail: String) -> APIError {
        APIError(500, "ERR_DIRECT_INVOKE", "failed to invoke, id: \(id), err: \(detail)")
    }

    static func notReady(_ targets: String) -> APIError {
        APIError(500, "ERR_HEALTH_NOT_READY", "dapr is not ready: [\(targets)]")
    }

    static var outboundNotReady: APIError {
        APIError(500, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready")
    }

    static var otherAppID: APIError {
        APIError(500, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match")
    }

    // MARK: Pub/sub

    static func pubSubNotFound(_ pubsub: String, _ metadata: [String: String]) -> APIError {
        APIError(
            404, "ERR_PUBSUB_NOT_FOUND", "pubsub \(pubsub) is not found",
            .errorInfoOf(reason: "DAPR_PUBSUB_NOT_FOUND", metadata: metadata))
    }

    static func emptyTopic(_ pubsub: String) -> APIError {
        pubSub(
            404, "ERR_TOPIC_NAME_EMPTY", "topic is empty in pubsub \(pubsub)", pubsub,
            "DAPR_PUBSUB_TOPIC_NAME_EMPTY", [:])
    }

    static func rawPayload(_ pubsub: String, _ value: String) -> APIError {
        pubSub(
            400, "ERR_PUBSUB_REQUEST_METADATA",
            "failed deserializing metadata. Error: rawPayload value must be a valid boolean: "
                + "actual is '\(value)'", pubsub, "DAPR_PUBSUB_METADATA_DESERIALIZATION", nil)
    }

    static func notAnEvent(_ pubsub: String, _ appID: String) -> APIError {
        pubSub(
            500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent", pubsub,
            "DAPR_PUBSUB_CLOUD_EVENT_CREATION",
            ["appID": appID, "error": "cannot create cloudevent"])
    }

    static func forbiddenTopic(_ pubsub: String, _ topic: String, _ appID: String) -> APIError {
        let text = "topic \(topic) is not allowed for app id \(appID)"
        return pubSub(
            403, "ERR_PUBSUB_FORBIDDEN", text, pubsub, "DAPR_PUBSUB_FORBIDDEN",
            ["topic": topic, "error": text])
    }

    static func publish(_ pubsub: String, _ topic: String, _ why: String) -> APIError {
        pubSub(
            500, "ERR_PUBSUB_PUBLISH_MESSAGE",
            "error when publishing to topic \(topic) in pubsub \(pubsub): \(why)", pubsub,
            "DAPR_PUBSUB_PUBLISH_MESSAGE", ["topic": topic, "error": why])
    }

    static func unmarshalEvents(_ pubsub: String, _ topic: String, _ why: String) -> APIError {
        pubSub(
            400, "ERR_PUBSUB_EVENTS_SER",
            "error when unmarshaling the request for topic \(topic) pubsub \(pubsub): \(why)",
            pubsub, "DAPR_PUBSUB_UNMARSHAL_EVENTS", ["topic": topic, "error": why])
    }

    static func marshalEvents(_ pubsub: String, _ topic: String) -> APIError {
        let why = "entryId is duplicated or not present for entry"
        return pubSub(
            400, "ERR_PUBSUB_EVENTS_SER",
            "error marshaling events to bytes for topic \(topic) pubsub \(pubsub). error: \(why)",
            pubsub, "DAPR_PUBSUB_MARSHAL_EVENTS", ["topic": topic, "error": why])
    }

    static func marshalEnvelope(
        _ pubsub: String, _ topic: String, _ misfit: BulkPublishEntry.Misfit
    ) -> APIError {
        let why =
            switch misfit {
            case .mismatch: "mismatch between contentType and event"
            // Dapr's spelling.
            case .base64(let byte):
                "unable to decode base64 application/octect-stream data: illegal base64 data at "
                    + "input byte \(byte)"
            }
        return pubSub(
            400, "ERR_PUBSUB_EVENTS_SER",
            "error when marshalling cloud event envelope for topic \(topic) pubsub \(pubsub): "
                + "error: \(why)", pubsub, "DAPR_PUBSUB_MARSHAL_ENVELOPE",
            ["topic": topic, "error": why])
    }

    private static func pubSub(
        _ status: Int, _ code: String, _ message: String, _ pubsub: String, _ reason: String,
        _ metadata: KeyValuePairs<String, String>?
    ) -> APIError {
        APIError(
            status, code, message,
            .resourceInfo(type: "pubsub", name: pubsub, description: message),
            .errorInfo(reason: reason, metadata: metadata))
    }

    // MARK: Bodies

    static func malformed(_ text: String) -> APIError {
        APIError(400, "ERR_MALFORMED_REQUEST", text)
    }

    static func malformedBody(_ text: String) -> APIError {
        malformed("failed deserializing HTTP body: \(text)")
    }

    static func bodyRead(_ text: String) -> APIError {
        APIError(400, "ERR_BODY_READ", "failed to read request body: \(text)")
    }

    // MARK: State

    static func storeNotConfigured(_ store: String, app: String?) -> APIError {
        APIError(
            500, "ERR_STATE_STORE_NOT_CONFIGURED", "state store \(store) is not configured",
            .errorInfo(reason: "DAPR_STATE_NOT_CONFIGURED", metadata: app.map { ["appID": $0] }))
    }

    static func storeNotFound(_ store: String, app: String?) -> APIError {
        APIError(
            400, "ERR_STATE_STORE_NOT_FOUND", "state store \(store) is not found",
            .errorInfo(reason: "DAPR_STATE_NOT_FOUND", metadata: app.map { ["appID": $0] }))
    }

    /// The message really holds another error's text; a transaction loses the field's name.
    static func illegalKey(_ key: String, store: String, namesField: Bool) -> APIError {
        let text =
            "api error: code = InvalidArgument desc = "
            + "input key/keyPrefix '\(key)' can't contain '||'"
        return APIError(
            400, "ERR_MALFORMED_REQUEST", text,
            .badRequest(field: namesField ? key : nil, description: text),
            .resourceInfo(type: "state", name: store, description: ""),
            .errorInfo(reason: "DAPR_STATE_ILLEGAL_KEY", metadata: nil))
    }

    static var missingKey: APIError { malformed("\"key\" is a required field") }

    static func save(_ status: Int, _ store: String, _ why: String) -> APIError {
        APIError(status, "ERR_STATE_SAVE", "failed saving state in state store \(store): \(why)")
    }

    static func get(_ key: String, _ store: String, _ why: String) -> APIError {
        APIError(500, "ERR_STATE_GET", "fail to get \(key) from state store \(store): \(why)")
    }

    static func delete(_ status: Int, _ key: String, _ why: String) -> APIError {
        APIError(status, "ERR_STATE_DELETE", "failed deleting state with key \(key): \(why)")
    }

    static func bulkGet(_ why: String) -> APIError {
        APIError(500, "ERR_STATE_BULK_GET", why)
    }

    static func transaction(_ why: String) -> APIError {
        APIError(
            500, "ERR_STATE_TRANSACTION", "error while executing state transaction: \(why)")
    }

    static func unknownOperation(_ operation: String) -> APIError {
        APIError(
            400, "ERR_NOT_SUPPORTED_STATE_OPERATION",
            "operation type \(operation) not supported")
    }

    static func transactionsNotSupported(_ store: String) -> APIError {
        APIError(
            500, "ERR_STATE_STORE_NOT_SUPPORTED",
            "state store \(store) doesn't support transactions",
            .help(
                url: "https://docs.dapr.io/reference/components-reference/supported-state-stores/",
                description: "Check the list of state stores and the features they support"),
            .resourceInfo(type: "state", name: store, description: ""),
            .errorInfo(reason: "DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED", metadata: nil))
    }

    static func queryingNotSupported(_ store: String) -> APIError {
        APIError(
            500, "ERR_STATE_STORE_NOT_SUPPORTED", "state store does not support querying",
            .resourceInfo(type: "state", name: store, description: ""),
            .errorInfo(reason: "DAPR_STATE_QUERYING_NOT_SUPPORTED", metadata: nil))
    }
}
