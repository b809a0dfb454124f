internal import Backends
package import Blocks
internal import Bytes
package import HTTP
internal import Transport

/// The HTTP front of one sidecar: every request of its port enters here and leaves here.
///
/// In order: CORS, API token, route, endpoint, trace header, journal. Confined to the sandbox's loop.
package final class Front: RequestHandler {
    private let sidecar: Sidecar
    private let router: Router
    private let cors: CORS
    private let trace: TraceHeader
    private let explainer: Explainer
    /// nil when the control API is switched off.
    private let control: ControlFront?

    /// - Parameter onShutdown: called when `POST /v1.0/shutdown` was answered; `true` for at once.
    package init(sidecar: Sidecar, onShutdown: @escaping (_ force: Bool) -> Void) {
        self.sidecar = sidecar
        let endpoints =
            HealthEndpoints.all + MetadataEndpoints.all + StateEndpoints.all
            + PublishEndpoints.all + SecretEndpoints.all + ShutdownEndpoints.all(onShutdown)
        let access = sidecar.settings.access
        router = Router(
            endpoints.filter { endpoint in
                // Health is always allowed, whatever the lists say.
                endpoint.api == .healthz
                    || access.permits(version: endpoint.version, name: endpoint.api.rawValue)
            })
        explainer = Explainer(sidecar, router)
        control = sidecar.settings.servesControl ? ControlFront(sidecar) : nil
        cors = CORS(allowedOrigins: sidecar.settings.allowedOrigins)
        trace = TraceHeader(mode: sidecar.settings.tracing, random: sidecar.sandbox.random)
    }

    /// Answers one request.
    package func respond(to request: Request) async -> Response {
        assert(sidecar.sandbox.loop.reactor.isOnLoop, "a request left its loop")
        if let id = SandboxSwitch.id(in: request.head, of: sidecar) {
            return await SandboxSwitch.respond(to: request, in: id, for: sidecar)
        }
        guard !sidecar.sandbox.isDefault else { return await answer(request) }
        // A sandbox that was made at run time is deleted when nobody uses it.
        let use = sidecar.sandbox.use
        use.begin(at: Reactor.monotonicNow())
        defer { use.end(at: Reactor.monotonicNow()) }
        return await answer(request)
    }

    private func answer(_ request: Request) async -> Response {
        let era = sidecar.sandbox.era
        if let preflight = cors.preflight(request.head) { return preflight }
        if let control, ControlFront.takes(request.head.path) {
            return await respond(to: request, by: control)
        }
        let path = Path.clean(request.head.path)
        let match = router.match(request.head.method, path)
        let parameters = (match?.parameters ?? []).map {
            // The parser has seen that every escape is well-formed.
            Percent.decode($0, plusIsSpace: true) ?? $0
        }
        let call = Call(sidecar: sidecar, request: request, parameters: parameters)
        let trace = trace.field(for: request.head)
        if let trace, trace.value != TraceParent.zero {
            let state = request.head.fields["tracestate"].map { String(text: $0) }
            call.span = .init(parent: trace.value, state: state ?? "")
        }
        var response = await answer(call, match?.endpoint, path, trace?.value)
        if let trace, !call.hasTrace { response.fields.append(trace) }
        cors.add(to: &response, head: request.head)
        // What a reset has overtaken is nothing to who comes after it.
        if sidecar.sandbox.era == era {
            explainer.explain(call, path, response)
            record(call, api: match?.endpoint.api ?? call.unroutedAPI, response)
        }
        return response
    }

    private func respond(to request: Request, by control: ControlFront) async -> Response {
        guard isAuthorized(request.head, nil) else { return .unauthorized }
        var response = await control.respond(to: request, for: sidecar)
        cors.add(to: &response, head: request.head)
        return response
    }

    /// The answer, among fault rules if there are any.
    private func answer(
        _ call: Call, _ endpoint: Endpoint?, _ path: ByteSlice, _ trace: String?
    ) async -> Response {
        let faults = sidecar.sandbox.faults
        let own: Fault?
        do throws(ControlError) {
            own = control == nil ? nil : try FaultHeader.fault(in: call.request.head)
        } catch {
            return error.response
        }
        guard own != nil || !faults.isIdle else {
            return await answer(call, endpoint, path, trace: trace)
        }
        return await faults.scope(own) { scope in
            var response = await self.answer(call, endpoint, path, trace: trace)
            response.wire = call.wire
            call.detail.fault = scope.take()
            return response
        }
    }

    private func answer(
        _ call: Call, _ endpoint: Endpoint?, _ path: ByteSlice, trace: String?
    ) async -> Response {
        guard isAuthorized(call.request.head, endpoint) else { return .unauthorized }
        guard let endpoint else { return await unrouted(call, path, trace: trace) }
        do throws(APIError) {
            // Those that know more of what they are about ask themselves.
            if endpoint.api != .state, endpoint.api != .publish {
                try await call.meetFaults(endpoint.api)
            }
            return try await endpoint.handle(call)
        } catch {
            call.errorCode = error.code
            return error.response
        }
    }

    /// What no route takes is an invocation; where that API is refused, Go's router answers.
    private func unrouted(_ call: Call, _ path: ByteSlice, trace: String?) async -> Response {
        guard sidecar.settings.access.permits(version: "v1", name: "invoke") else {
            return router.knows(path) ? Response(status: 405) : .notFound
        }
        do throws(APIError) {
            let response = try await InvokeEndpoint.handle(call, trace: trace)
            call.unroutedAPI = .invoke
            return response
        } catch {
            call.errorCode = error.code
            return error.response
        }
    }

    private func isAuthorized(_ head: RequestHead, _ endpoint: Endpoint?) -> Bool {
        guard let token = sidecar.settings.apiToken, endpoint?.api != .healthz else { return true }
        guard let given = head.fields["dapr-api-token"] else { return false }
        return given.equals(utf8: token)
    }

    private func record(_ call: Call, api: APIName, _ response: Response) {
        let head = call.request.head
        let targetEnd = head.query?.endIndex ?? head.path.endIndex
        let lines = head.bytes[targetEnd...]
        let fieldsStart = lines.index(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? lines.endIndex
        sidecar.sandbox.journal.append(
            JournalEntry(
                time: sidecar.sandbox.clock.now, appID: sidecar.appID, api: api,
                // 0 stands for no answer.
                status: response.wire == .reset ? 0 : response.status, state: call.records,
                detail: call.detail,
                head: withoutToken(head.bytes[fieldsStart...]), method: head.method,
                target: head.bytes[head.path.startIndex..<targetEnd],
                requestBody: call.body, responseBody: response.body))
    }

    /// Header lines without the secret, which Dapr too takes out before anybody sees it.
    private func withoutToken(_ lines: ByteSlice) -> ByteSlice {
        guard sidecar.settings.apiToken != nil else { return lines }
        var kept: [UInt8] = []
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        where !line.prefix(15).equalsIgnoringCase("dapr-api-token:") {
            kept.append(contentsOf: line)
            kept.append(UInt8(ascii: "\n"))
        }
        // What follows the last line end is no line.
        return kept.dropLast()
    }
}

extension Response {
    fileprivate static var unauthorized: Response { refusal(401, "invalid api token\n") }

    fileprivate static var notFound: Response { refusal(404, "404 page not found\n") }

    /// Go's `http.Error`.
    private static func refusal(_ status: Int, _ text: String) -> Response {
        var response = Response.plainText(status, text)
        response.fields.append(Field("X-Content-Type-Options", "nosniff"))
        return response
    }
}
