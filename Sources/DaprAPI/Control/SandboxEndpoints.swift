internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import YAML

/// `/_fakedapr/sandboxes`: isolated worlds of the same apps, components and resources.
enum SandboxEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(
                ["GET"], "/_fakedapr/sandboxes", "the sandboxes that were made", handle: list),
            ControlEndpoint(
                ["POST"], "/_fakedapr/sandboxes",
                #"make one: {"id"?, "port"?: bool, "idle"?: "10m", "seed"?: 1, "clock"?: TEXT, "snapshot"?: NAME}"#,
                handle: make),
            ControlEndpoint(
                ["DELETE"], "/_fakedapr/sandboxes", "delete all of them", handle: removeAll),
            ControlEndpoint(["GET"], "/_fakedapr/sandboxes/{id}", "tell of one", handle: get),
            ControlEndpoint(["DELETE"], "/_fakedapr/sandboxes/{id}", "delete it", handle: remove),
        ]
    }

    private static func list(_ call: Call) async throws(ControlError) -> Response {
        let sandboxes = try sandboxes(call)
        let all = sandboxes.all.map { description(of: $0, call) }
        return .json(200, .object([.init("sandboxes", .array(all))]))
    }

    private static func make(_ call: Call) async throws(ControlError) -> Response {
        let sandboxes = try sandboxes(call)
        let document = try await call.document()
        let (wish, name) = try Call.reading { () throws(Diagnostic) in try read(document) }
        var snapshot: Snapshot?
        if let name {
            guard let found = sandboxes.snapshots[name] else {
                throw .notFound("there is no snapshot `\(name)`")
            }
            snapshot = found
        }
        let made: any HostedSandbox
        do throws(Sandboxes.Problem) { made = try await sandboxes.make(wish) } catch {
            throw ControlError(error)
        }
        if let snapshot {
            do throws(ControlError) {
                try await ControlError.ofContents { () throws(Sandbox.ContentsFailure) in
                    try await made.sandbox.load(snapshot)
                }
            } catch {
                _ = await sandboxes.remove(made.sandbox.id)
                throw error
            }
        }
        return .json(201, description(of: made, call))
    }

    private static func get(_ call: Call) async throws(ControlError) -> Response {
        .json(200, description(of: try found(call), call))
    }

    private static func remove(_ call: Call) async throws(ControlError) -> Response {
        let id = try found(call).sandbox.id
        // One that is asked by its own port answers before it goes.
        let isOther = call.sidecar.sandbox.id != id
        _ = await (try sandboxes(call)).remove(id, isWaiting: isOther)
        return .json(200, .object([.init("deleted", .array([.string(id)]))]))
    }

    private static func removeAll(_ call: Call) async throws(ControlError) -> Response {
        let sandboxes = try sandboxes(call)
        let own = call.sidecar.sandbox.id
        var deleted: [JSONValue] = []
        for id in sandboxes.all.map(\.sandbox.id)
        where await sandboxes.remove(id, isWaiting: id != own) {
            deleted.append(.string(id))
        }
        return .json(200, .object([.init("deleted", .array(deleted))]))
    }

    // MARK: Parts

    private static func read(
        _ document: ControlDocument
    ) throws(Diagnostic) -> (SandboxWish, snapshot: String?) {
        let reader = try document.keyed(
            ["id", "port", "idle", "seed", "clock", "snapshot"])
        var wish = SandboxWish()
        wish.id = try reader.string("id")
        wish.hasPorts = try reader.bool("port") ?? false
        wish.idle = try document.source.duration(reader["idle"]) ?? wish.idle
        wish.seed = try reader.int("seed", in: 0...Int.max).map { UInt64($0) }
        if let text = try reader.string("clock"), let node = reader["clock"] {
            do throws(ClockSettingProblem) { wish.clock = try ClockSetting(text) } catch {
                throw document.source.error(error.text, at: node)
            }
        }
        return (wish, try reader.string("snapshot"))
    }

    private static func sandboxes(_ call: Call) throws(ControlError) -> Sandboxes {
        guard let sandboxes = call.sidecar.sandbox.sandboxes else {
            throw .notFound("no sandboxes can be made here")
        }
        return sandboxes
    }

    private static func found(_ call: Call) throws(ControlError) -> any HostedSandbox {
        let id = String(text: call.parameter(0))
        if let found = try sandboxes(call)[id] { return found }
        throw ControlError(404, "FAKEDAPR_SANDBOX_NOT_FOUND", "there is no sandbox `\(id)`")
    }

    private static func description(of made: any HostedSandbox, _ call: Call) -> JSONValue {
        let host = call.request.head.fields["host"].map { String(text: $0) } ?? ""
        let urls = made.urls
        // One without a port is reached by this one and the header.
        let url = urls.first { $0.appID == call.sidecar.appID }?.url ?? urls.first?.url
        let apps = urls.map { JSONValue.Member($0.appID, .string($0.url)) }
        let id = made.sandbox.id
        let idle = call.sidecar.sandbox.sandboxes?.idle(of: id)
        return .object([
            .init("id", .string(id)), .init("url", .string(url ?? "http://\(host)")),
            .init("apps", .object(apps)),
            .init("headers", .object([.init(SandboxSwitch.field, .string(id))])),
            .init("idle", idle.map { .string(GoDuration.text($0)) } ?? .null),
        ])
    }
}

extension ControlError {
    fileprivate init(_ problem: Sandboxes.Problem) {
        switch problem {
        case .exists(let id):
            self.init(
                409, "FAKEDAPR_SANDBOX_EXISTS",
                "there is a sandbox `\(id)` already: delete it first, or leave the id out")
        case .badID(let id):
            self = .badRequest(
                "a sandbox cannot be called `\(id)`: use letters, digits, -, _ and ., "
                    + "and not default")
        case .tooMany:
            self.init(
                409, "FAKEDAPR_TOO_MANY_SANDBOXES",
                "there are \(Sandboxes.limit) sandboxes, which is as many as there can be: "
                    + "delete some")
        case .failed(let text): self.init(500, "FAKEDAPR_BACKEND_FAILED", text)
        }
    }
}
