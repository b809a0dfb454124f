internal import Bytes

/// The routes of the API: which endpoint a method and a cleaned path belong to.
///
/// As Dapr's: a route whose method does not match is passed over, so that `GET …/bulk` reads the key
/// `bulk`. Routes are looked through in their order, literal ones before those with parameters.
struct Router {
    /// The endpoint that was found, with the path's parameters, still escaped.
    struct Match {
        let endpoint: Endpoint
        let parameters: [ByteSlice]
    }

    /// Endpoints by how many segments their pattern has.
    private var byLength: [[Endpoint]] = []
    /// Endpoints whose last parameter takes all that is left of the path.
    private var open: [Endpoint] = []

    init(_ endpoints: [Endpoint]) {
        for endpoint in endpoints {
            guard !endpoint.pattern.isOpen else {
                open.append(endpoint)
                continue
            }
            let length = endpoint.pattern.segments.count
            while byLength.count <= length { byLength.append([]) }
            byLength[length].append(endpoint)
        }
    }

    func match(_ method: ByteSlice, _ path: ByteSlice) -> Match? {
        let segments = Self.segments(of: path)
        if segments.count < byLength.count {
            for endpoint in byLength[segments.count] where endpoint.accepts(method) {
                if let parameters = endpoint.pattern.match(segments) {
                    return Match(endpoint: endpoint, parameters: parameters)
                }
            }
        }
        for endpoint in open where endpoint.accepts(method) {
            if let parameters = endpoint.pattern.match(open: segments, of: path) {
                return Match(endpoint: endpoint, parameters: parameters)
            }
        }
        return nil
    }

    /// What stands between the slashes of a cleaned path.
    private static func segments(of path: ByteSlice) -> [ByteSlice] {
        var segments: [ByteSlice] = []
        // The longest route has five; a longer path is no route.
        segments.reserveCapacity(6)
        var rest = path.dropFirst()
        while let slash = rest.index(of: UInt8(ascii: "/")) {
            segments.append(rest[..<slash])
            rest = rest[(slash + 1)...]
        }
        if !rest.isEmpty { segments.append(rest) }
        return segments
    }

    /// The methods that have a route for `path`.
    func methods(for path: ByteSlice) -> [String] {
        let segments = Self.segments(of: path)
        var found = open.filter { $0.pattern.match(open: segments, of: path) != nil }
        if segments.count < byLength.count {
            found += byLength[segments.count].filter { $0.pattern.match(segments) != nil }
        }
        var methods: [String] = []
        for method in found.flatMap({ $0.methods.map { "\($0)" } })
        where !methods.contains(method) {
            methods.append(method)
        }
        return methods
    }

    /// The patterns of all routes.
    var patterns: [PathPattern] { byLength.flatMap { $0.map(\.pattern) } + open.map(\.pattern) }

    /// Whether some method has a route for `path`.
    func knows(_ path: ByteSlice) -> Bool {
        let segments = Self.segments(of: path)
        if open.contains(where: { $0.pattern.match(open: segments, of: path) != nil }) {
            return true
        }
        guard segments.count < byLength.count else { return false }
        return byLength[segments.count].contains { $0.pattern.match(segments) != nil }
    }
}

/// A path with parameters: `/v1.0/state/{storeName}/{key}`.
struct PathPattern: ExpressibleByStringLiteral {
    enum Segment {
        case literal([UInt8])
        case parameter
    }

    let text: String
    let segments: [Segment]
    /// Whether the last parameter takes all that is left: `/v1.0/publish/{pubsubname}/{topic...}`.
    let isOpen: Bool

    init(stringLiteral text: String) {
        self.text = text
        isOpen = text.hasSuffix("...}")
        segments = text.split(separator: "/").map {
            $0.hasPrefix("{") ? .parameter : .literal(Array($0.utf8))
        }
    }

    /// The same for an open pattern: the last parameter holds slashes.
    func match(open path: [ByteSlice], of whole: ByteSlice) -> [ByteSlice]? {
        guard path.count >= segments.count,
            var parameters = match(Array(path[..<segments.count]))
        else { return nil }
        let last = path[segments.count - 1]
        parameters[parameters.count - 1] = whole[last.startIndex..<whole.endIndex]
        return parameters
    }

    /// The parameters of a path that fits, nil when it does not.
    func match(_ path: [ByteSlice]) -> [ByteSlice]? {
        for index in segments.indices {
            guard case .literal(let bytes) = segments[index] else { continue }
            guard path[index].equals(bytes) else { return nil }
        }
        var parameters: [ByteSlice] = []
        for index in segments.indices {
            if case .parameter = segments[index] { parameters.append(path[index]) }
        }
        return parameters
    }
}
