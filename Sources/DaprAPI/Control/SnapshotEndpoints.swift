internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import YAML

/// `/_fakedapr/snapshots`: what stores and topics hold, kept, loaded, compared.
enum SnapshotEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(
                ["GET"], "/_fakedapr/snapshots", "the names of the snapshots", handle: list),
            ControlEndpoint(
                ["POST"], "/_fakedapr/snapshots/{name}", "take a snapshot", handle: save),
            ControlEndpoint(["GET"], "/_fakedapr/snapshots/{name}", "hand it out", handle: get),
            ControlEndpoint(
                ["PUT"], "/_fakedapr/snapshots/{name}", "keep one that was handed out",
                handle: put),
            ControlEndpoint(
                ["DELETE"], "/_fakedapr/snapshots/{name}", "forget it", handle: remove),
            ControlEndpoint(
                ["POST"], "/_fakedapr/snapshots/{name}/load",
                "put it in the place of what stores and topics hold", handle: load),
            ControlEndpoint(
                ["GET"], "/_fakedapr/snapshots/{name}/diff",
                "how it differs from now, or from ?with=NAME", handle: diff),
        ]
    }

    private static func list(_ call: Call) async throws(ControlError) -> Response {
        let names = try snapshots(call).names.map { JSONValue.string($0) }
        return .json(200, .object([.init("snapshots", .array(names))]))
    }

    private static func save(_ call: Call) async throws(ControlError) -> Response {
        let name = try name(call)
        let snapshot = try await now(call)
        return try keep(snapshot, name, call)
    }

    private static func put(_ call: Call) async throws(ControlError) -> Response {
        let name = try name(call)
        let document = try await call.document()
        let snapshot = try Call.reading { () throws(Diagnostic) in
            try SeedReader(document.source).snapshot(
                document.keyed(["name", "time", "state", "topics"]))
        }
        return try keep(snapshot, name, call)
    }

    private static func keep(
        _ snapshot: Snapshot, _ name: String, _ call: Call
    ) throws(ControlError) -> Response {
        let snapshots = try snapshots(call)
        do throws(Sandbox.ContentsFailure) { try snapshots.keep(snapshot, named: name) } catch {
            throw ControlError(409, "FAKEDAPR_TOO_MANY_SNAPSHOTS", error.text)
        }
        let messages = snapshot.topics.reduce(0) { $0 + $1.contents.messages.count }
        return .json(
            201,
            .object([
                .init("name", .string(name)),
                .init("keys", .number(String(snapshot.state.count))),
                .init("messages", .number(String(messages))),
            ]))
    }

    private static func get(_ call: Call) async throws(ControlError) -> Response {
        let name = try name(call)
        return .json(200, try found(name, call).json(named: name))
    }

    private static func remove(_ call: Call) async throws(ControlError) -> Response {
        let name = try name(call)
        _ = try found(name, call)
        _ = try snapshots(call).remove(name)
        return .json(200, .object([.init("deleted", .string(name))]))
    }

    private static func load(_ call: Call) async throws(ControlError) -> Response {
        let name = try name(call)
        let snapshot = try found(name, call)
        try await ControlError.ofContents { () throws(Sandbox.ContentsFailure) in
            try await call.sidecar.sandbox.load(snapshot)
        }
        return .json(200, .object([.init("loaded", .string(name))]))
    }

    private static func diff(_ call: Call) async throws(ControlError) -> Response {
        let before = try found(try name(call), call)
        let other = call.query["with"]
        let after: Snapshot
        if let other { after = try found(other, call) } else { after = try await now(call) }
        return .json(200, SnapshotDiff(from: before, to: after).json)
    }

    // MARK: Parts

    private static func now(_ call: Call) async throws(ControlError) -> Snapshot {
        try await ControlError.ofContents { () throws(Sandbox.ContentsFailure) in
            try await call.sidecar.sandbox.snapshot()
        }
    }

    private static func name(_ call: Call) throws(ControlError) -> String {
        let name = String(text: call.parameter(0))
        guard Sandboxes.isName(name) else {
            throw .badRequest(
                "a snapshot cannot be called `\(name)`: use letters, digits, -, _ and .")
        }
        return name
    }

    private static func snapshots(_ call: Call) throws(ControlError) -> Snapshots {
        guard let sandboxes = call.sidecar.sandbox.sandboxes else {
            throw .notFound("there are no snapshots here")
        }
        return sandboxes.snapshots
    }

    private static func found(_ name: String, _ call: Call) throws(ControlError) -> Snapshot {
        let snapshots = try snapshots(call)
        if let found = snapshots[name] { return found }
        let known = snapshots.names
        throw .notFound(
            "there is no snapshot `\(name)`: "
                + (known.isEmpty ? "none was taken" : "there is \(known.joined(separator: ", "))"))
    }
}
