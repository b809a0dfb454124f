internal import Bytes
internal import YAML

/// What a request that no route takes was likely to be. Pure.
struct RouteHint {
    private let method: String
    private let path: String
    private let router: Router
    private let bytes: ByteSlice

    init(_ method: ByteSlice, _ path: ByteSlice, _ router: Router) {
        self.method = String(text: method)
        self.path = String(text: path)
        self.router = router
        bytes = path
    }

    var text: String {
        if let keyless { return keyless }
        let methods = router.methods(for: bytes)
        if !methods.isEmpty {
            return "\(path) takes \(methods.joined(separator: " or ")), not \(method)"
        }
        if let block = unknownBlock {
            return "fakedapr does not have Dapr's \(block) yet"
        }
        if let near = nearest { return "there is no \(path): did you mean \(near)?" }
        return "there is no \(path) in Dapr's API; an invocation is "
            + "/v1.0/invoke/{app-id}/method/{path}, or any path with the header dapr-app-id"
    }

    /// The usual slip: Dapr has no route that deletes by a body.
    private var keyless: String? {
        let parts = path.split(separator: "/")
        guard method == "DELETE", parts.count == 3, parts[0] == "v1.0", parts[1] == "state" else {
            return nil
        }
        return "nothing was deleted: DELETE wants one key in the path, "
            + "/v1.0/state/\(parts[2])/{key}; several are deleted by a transaction"
    }

    private static let blocks = [
        "bindings": "bindings", "configuration": "configuration API", "actors": "actors",
        "lock": "distributed lock", "unlock": "distributed lock", "workflows": "workflows",
        "jobs": "jobs", "crypto": "cryptography API", "conversation": "conversation API",
    ]

    private var unknownBlock: String? {
        let parts = path.split(separator: "/")
        guard parts.count >= 2, parts[0].hasPrefix("v1") else { return nil }
        return Self.blocks[String(parts[1])]
    }

    // MARK: Nearly a route

    private var nearest: String? {
        let parts = path.split(separator: "/").map(String.init)
        guard !parts.isEmpty else { return nil }
        // The version may be what is missing.
        let candidates = [(parts, 0), (["v1.0"] + parts, 1)]
        var best: (route: String, changes: Int)?
        for (parts, cost) in candidates {
            for pattern in router.patterns {
                guard let near = pattern.nearly(parts) else { continue }
                let changes = near.changes + cost
                if changes > 0, changes <= 3, changes < best?.changes ?? .max {
                    best = (near.route, changes)
                }
            }
        }
        return best?.route
    }
}

extension PathPattern {
    /// The route that a path of as many parts would be, and how many letters would be changed; nil
    /// for another number of parts.
    fileprivate func nearly(_ parts: [String]) -> (route: String, changes: Int)? {
        guard parts.count == segments.count else { return nil }
        var route = ""
        var changes = 0
        for (part, segment) in zip(parts, segments) {
            switch segment {
            case .literal(let bytes):
                let literal = String(text: bytes)
                let distance = Suggestion.distance(part, literal)
                // What is another word altogether is no slip.
                guard distance <= max(1, literal.count / 2) else { return nil }
                changes += distance
                route += "/\(literal)"
            case .parameter: route += "/\(part)"
            }
        }
        return (route, changes)
    }
}
