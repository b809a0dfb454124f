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
        let segments = PathSegments(path)
        if segments.count < byLength.count {
            for endpoint in byLength[segments.count] where endpoint.accepts(method) {
                if let parameters = endpoint.pattern.match(segments) {
                    return Match(endpoint: endpoint, parameters: parameters)
                }
            }
        }
        for endpoint in open where endpoint.accepts(method) {
            if let parameters = endpoint.pattern.match(open: segments) {
                return Match(endpoint: endpoint, parameters: parameters)
            }
        }
        return nil
    }

    /// The methods that have a route for `path`.
    func methods(for path: ByteSlice) -> [String] {
        let segments = PathSegments(path)
        var found = open.filter { $0.pattern.match(open: segments) != nil }
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
        let segments = PathSegments(path)
        if open.contains(where: { $0.pattern.match(open: segments) != nil }) {
            return true
        }
        guard segments.count < byLength.count else { return false }
        return byLength[segments.count].contains { $0.pattern.match(segments) != nil }
    }
}

/// What stands between the slashes of a cleaned path. Nothing is allocated for it: every request is
/// looked at like this.
struct PathSegments {
    private let path: ByteSlice
    private var starts: InlineArray<8, Int> = .init(repeating: 0)
    private var ends: InlineArray<8, Int> = .init(repeating: 0)
    private(set) var count = 0

    /// Segments beyond the eighth are counted and not kept: no route looks at them.
    init(_ path: ByteSlice) {
        self.path = path
        let bytes = path.span
        var start = 1
        while let slash = bytes.index(of: UInt8(ascii: "/"), from: start) {
            add(start..<slash)
            start = slash + 1
        }
        if start < bytes.count { add(start..<bytes.count) }
    }

    subscript(index: Int) -> ByteSlice { path[starts[index]..<ends[index]] }

    /// The segment at `index` and all that follows it.
    func rest(from index: Int) -> ByteSlice { path[starts[index]...] }

    private mutating func add(_ segment: Range<Int>) {
        if count < starts.count {
            starts[count] = path.startIndex + segment.lowerBound
            ends[count] = path.startIndex + segment.upperBound
        }
        count += 1
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
    func match(open path: PathSegments) -> [ByteSlice]? {
        guard path.count >= segments.count, var parameters = match(path) else { return nil }
        parameters[parameters.count - 1] = path.rest(from: segments.count - 1)
        return parameters
    }

    /// The parameters of a path that fits, nil when it does not.
    func match(_ path: PathSegments) -> [ByteSlice]? {
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
