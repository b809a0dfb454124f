internal import Backends
internal import Bytes

/// Why an invocation was not answered by an application, in Dapr's words.
package struct InvocationError: Error, Equatable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

/// Whom an invocation goes to.
package enum InvocationDestination {
    /// The sidecar's own application.
    case own(any AppChannel)
    /// The application of another sidecar of this sandbox.
    case neighbour(Sidecar)
    /// A sidecar somewhere else, which adds what the callee is to be told.
    case peer(PeerAddress)
    /// No Dapr app: a URL.
    case external(any AppChannel)
    /// No Dapr app: an HTTPEndpoint resource.
    case endpoint(HTTPEndpoint, any AppChannel)
}

/// The invocation building block: finds the callee and speaks to it.
package struct InvokeBlock {
    private let sidecar: Sidecar
    private let caller: Caller

    /// Who calls, when it is not this sidecar's own application.
    package struct Caller {
        package var appID: String
        package var namespace: String
        /// Whether the call came from another sidecar.
        package var isRemote: Bool

        package init(appID: String, namespace: String, isRemote: Bool) {
            self.appID = appID
            self.namespace = namespace
            self.isRemote = isRemote
        }
    }

    init(sidecar: Sidecar, caller: Caller) {
        self.sidecar = sidecar
        self.caller = caller
    }

    /// Finds whom `id` means: an app id, `app.namespace`, an HTTPEndpoint, a URL.
    package func destination(_ id: String) async throws(InvocationError) -> InvocationDestination {
        if id.hasPrefix("http://") || id.hasPrefix("https://") {
            // Dapr calls a URL over the application's channel, token and all.
            return .external(try external(id, token: sidecar.settings.appToken))
        }
        if let endpoint = sidecar.httpEndpoints.first(where: { $0.name == id }) {
            return .endpoint(endpoint, try external(endpoint.baseURL))
        }
        // The usual callee, who needs no further look.
        if id == sidecar.appID, !id.utf8.contains(UInt8(ascii: ".")) { return try own() }
        let parts = id.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first.map(String.init) else {
            throw InvocationError("invalid app id \(id)")
        }
        if name == sidecar.appID { return try own() }
        let sandbox = sidecar.sandbox
        if let neighbour = sandbox.sidecars.first(where: { $0.appID == name }) {
            return .neighbour(neighbour)
        }
        // A call that another sidecar has sent here is for us or for nobody.
        if !caller.isRemote, let peer = await sandbox.resolver?.resolve(name) {
            return .peer(peer)
        }
        throw InvocationError("couldn't find service: \(name)")
    }

    private func own() throws(InvocationError) -> InvocationDestination {
        if let channel = sidecar.appChannel { return .own(channel) }
        throw InvocationError(
            caller.isRemote
                ? "rpc error: code = Internal desc = app channel is not initialized"
                : "cannot invoke local endpoint: app channel not initialized")
    }

    private func external(
        _ url: String, token: String? = nil
    ) throws(InvocationError) -> any AppChannel {
        guard let channels = sidecar.sandbox.channels else {
            throw InvocationError("name resolver not initialized")
        }
        do throws(AppChannelError) { return try channels.external(url, token: token) } catch {
            throw InvocationError(error.text)
        }
    }

    /// Sends a request to whom `destination` has found.
    package func call(
        _ destination: InvocationDestination, _ request: AppRequest, id: String
    ) async throws(InvocationError) -> AppResponse {
        if let fault = await meetFaults(request, id) {
            do throws(AppChannelError) { return try fault.get() } catch {
                throw InvocationError(error.text)
            }
        }
        let work = sidecar.sandbox.clock.work.begin()
        defer { sidecar.sandbox.clock.work.end(work) }
        switch destination {
        case .own(let channel):
            guard caller.isRemote else { return try await local(channel, request) }
            return try await remote(channel, request, of: sidecar.appID)
        case .neighbour(let neighbour):
            guard let channel = neighbour.appChannel else {
                throw InvocationError(
                    "rpc error: code = Internal desc = app channel is not initialized")
            }
            return try await remote(channel, request, of: neighbour.appID)
        case .peer(let peer):
            guard let channels = sidecar.sandbox.channels else {
                throw InvocationError("name resolver not initialized")
            }
            return try await call(channels.peer(peer), request, id: id)
        case .external(let channel): return try await local(channel, request)
        case .endpoint(let endpoint, let channel):
            return try await call(endpoint, over: channel, request)
        }
    }

    /// Calls an endpoint, and goes where it sends its callers on to.
    private func call(
        _ endpoint: HTTPEndpoint, over channel: any AppChannel, _ request: AppRequest
    ) async throws(InvocationError) -> AppResponse {
        var request = request
        endpoint.setHeaders(in: &request)
        var trail = RedirectTrail(request, to: endpoint.baseURL)
        var answer = try await local(channel, request)
        while let location = trail.location(in: answer) {
            answer.body.cancel()
            let (origin, next) = try trail.follow(location)
            answer = try await local(try external(origin), next)
        }
        return answer
    }

    /// What the rules make of a call; nil when they let it go its way.
    private func meetFaults(
        _ request: AppRequest, _ id: String
    ) async -> Result<AppResponse, AppChannelError>? {
        let faults = sidecar.sandbox.faults
        guard !faults.isIdle else { return nil }
        var subject = FaultSubject(api: .invoke, app: String(id.prefix { $0 != "." }))
        subject.callee = id
        subject.method = Array(request.method.utf8)[...]
        subject.path = request.target.prefix { $0 != UInt8(ascii: "?") }
        subject.headers = request.fields.map { ($0.name, $0.value) }
        return await faults.meet(app: subject)
    }

    /// Calls another sidecar: one that cannot be reached is tried again by Dapr's own retries,
    /// unless policies name the app or the body streams.
    private func call(
        _ peer: any AppChannel, _ request: AppRequest, id: String
    ) async throws(InvocationError) -> AppResponse {
        let name = String(id.prefix { $0 != "." })
        guard !sidecar.resiliency.hasTarget(app: name) else {
            do throws(AppChannelError) { return try await peer.call(request) } catch {
                throw InvocationError(Self.unavailable(error))
            }
        }
        let retries = PeerRetries(peer, request)
        do throws(PolicyError) {
            _ = try await sidecar.resiliency.builtIn(.service).run(mayRetry: retries.mayRetry) {
                await retries.attempt()
            } judge: {
                $0
            }
        } catch {
            throw InvocationError(error.text)
        }
        do throws(AppChannelError) { return try retries.result.get() } catch {
            throw InvocationError(
                "failed to invoke target \(name) after \(retries.count - 1) retries. Error: "
                    + Self.unavailable(error))
        }
    }

    private static func unavailable(_ error: AppChannelError) -> String {
        "rpc error: code = Unavailable desc = \(error.text)"
    }

    /// The attempts at one call of another sidecar.
    private final class PeerRetries {
        private let peer: any AppChannel
        private let request: AppRequest
        private(set) var count = 0
        private(set) var result: Result<AppResponse, AppChannelError> = .failure(.notInitialized)

        init(_ peer: any AppChannel, _ request: AppRequest) {
            self.peer = peer
            self.request = request
        }

        var mayRetry: Bool { if case .bytes = request.body { true } else { false } }

        func attempt() async -> PolicyVerdict {
            count += 1
            do throws(AppChannelError) {
                result = .success(try await peer.call(request))
                return .success
            } catch {
                result = .failure(error)
                return .failure(InvokeBlock.unavailable(error))
            }
        }
    }

    private func local(
        _ channel: any AppChannel, _ request: AppRequest
    ) async throws(InvocationError) -> AppResponse {
        do throws(AppChannelError) { return try await channel.call(request) } catch {
            throw InvocationError(error.text)
        }
    }

    private func remote(
        _ channel: any AppChannel, _ request: AppRequest, of callee: String
    ) async throws(InvocationError) -> AppResponse {
        var request = request
        request.fields.removeAll { Self.isSpoofed($0.name) }
        request.fields += callerFields + [AppField("Dapr-Callee-App-Id", callee)]
        do throws(AppChannelError) { return try await channel.call(request) } catch {
            throw InvocationError(
                "rpc error: code = Internal desc = error invoking app channel: \(error.text)")
        }
    }

    private static func isSpoofed(_ name: ByteSlice) -> Bool {
        name.equalsIgnoringCase("dapr-caller-app-id")
            || name.equalsIgnoringCase("dapr-caller-namespace")
            || name.equalsIgnoringCase("dapr-callee-app-id")
    }

    private var callerFields: [AppField] {
        let host = sidecar.sandbox.host
        return [
            AppField("Dapr-Caller-App-Id", caller.appID),
            AppField("Dapr-Caller-Namespace", caller.namespace),
            AppField("X-Forwarded-For", host.address), AppField("X-Forwarded-Host", host.name),
            AppField("Forwarded", "for=\(host.address);by=\(host.address);host=\(host.name)"),
        ]
    }
}
