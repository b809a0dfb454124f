internal import Blocks
internal import Bytes
internal import HTTP

/// One route of the API as data. Its handler decodes, calls one building block, encodes; no more.
///
/// A class, because a request's match is handed from box to box: one retain, not one per member.
final class Endpoint {
    typealias Handle = (Call) async throws(APIError) -> Response

    let methods: [StaticString]
    let pattern: PathPattern
    /// The API and its version as a Configuration's allow and deny lists name them.
    let api: APIName
    let version: String
    let handle: Handle

    init(
        _ methods: [StaticString], _ pattern: PathPattern, _ api: APIName, version: String = "v1",
        handle: @escaping Handle
    ) {
        self.methods = methods
        self.pattern = pattern
        self.api = api
        self.version = version
        self.handle = handle
    }

    func accepts(_ method: ByteSlice) -> Bool {
        methods.contains { method.equals($0) }
    }
}

/// One request on its way through an endpoint: what it asked, and what the journal is to know.
final class Call {
    let sidecar: Sidecar
    let request: Request
    let query: Query
    /// The path's parameters, decoded.
    private let parameters: [ByteSlice]
    /// The body, once the endpoint has read it.
    private(set) var body: ByteSlice = []
    /// What was done to which key.
    var records: [StateRecord] = []
    /// What else there is to tell: the topic, the callee, the fault, a hint.
    var detail = JournalDetail()
    /// What the answer is to meet on its way out.
    var wire: WireFault?
    /// The span of the request; empty when there is none.
    var span = PubSubBlock.Trace(parent: "", state: "")
    /// Whether the answer brings a `traceparent` of its own.
    var hasTrace = false
    /// The code of the error that the sidecar itself answers with; nil for any other answer.
    var errorCode: String?
    /// What a request that no route took was.
    var unroutedAPI = APIName.other

    init(sidecar: Sidecar, request: Request, parameters: [ByteSlice]) {
        self.sidecar = sidecar
        self.request = request
        self.parameters = parameters
        query = Query(request.head.query)
    }

    /// The building blocks, for who sent the request.
    var state: StateBlock { sidecar.state(for: request.body) }
    var pubSub: PubSubBlock { sidecar.pubSub(for: request.body) }
    var secrets: SecretsBlock { sidecar.secrets(for: request.body) }

    /// The path's parameter at `index`.
    func parameter(_ index: Int) -> ByteSlice { parameters[index] }

    /// Reads the body; `refusal` words the answer when it cannot be read.
    func readBody(
        refusal: (String) -> APIError
    ) async throws(APIError) -> ByteSlice {
        do throws(BodyError) {
            body = try await request.body.collect(upTo: sidecar.settings.maxBodySize ?? .max)
            return body
        } catch {
            switch error {
            case .tooLarge: throw refusal("stream too large")
            case .incomplete: throw refusal("unexpected EOF")
            case .malformed(let reason): throw refusal(reason.explanation)
            }
        }
    }
}

/// A request's body tells of the connection's end.
extension RequestBody: PolicyCaller {}
