internal import JSON

/// The etags of a request that was recorded: another run's keys have others, so each is read before it
/// is sent. Those of a request that was refused stay as they were. Pure.
struct RecordedEtags {
    /// Steps that read the keys' etags, as their members.
    private(set) var reads: [[JSONValue.Member]] = []
    /// The variable that stands for each etag.
    private var names: [String: String] = [:]
    private let exchange: RecordedExchange

    init(_ exchange: RecordedExchange) {
        self.exchange = exchange
        let path = exchange.path
        guard let status = exchange.answer?.status, status < 300, path.count > 2,
            path[0] == "v1.0", path[1] == "state"
        else { return }
        if path.count == 4, let etag = header {
            read(path.joined(separator: "/"), etag)
        }
        guard path.count == 3, let items = exchange.json?.array else { return }
        for item in items {
            guard let key = item["key"]?.string, let etag = item["etag"]?.string, !etag.isEmpty
            else {
                continue
            }
            read((path + [Substring(key)]).joined(separator: "/"), etag)
        }
    }

    private var header: String? {
        exchange.headers.first { $0.name.lowercased() == "if-match" }?.value
    }

    private mutating func read(_ path: String, _ etag: String) {
        guard names[etag] == nil else { return }
        let name = names.isEmpty ? "etag" : "etag\(names.count + 1)"
        names[etag] = name
        var members = [JSONValue.Member("get", .string("/\(path)"))]
        if let app = exchange.app { members.append(.init("app", .string(app))) }
        members.append(.init("capture", .object([.init(name, .string("headers.etag"))])))
        reads.append(members)
    }

    private func variable(_ etag: String?) -> JSONValue? {
        etag.flatMap { names[$0] }.map { .string("${\($0)}") }
    }

    /// A header of the request, as the step sends it.
    func header(_ member: JSONValue.Member) -> JSONValue.Member {
        guard member.name.lowercased() == "if-match", let value = variable(header) else {
            return member
        }
        return .init(member.name, value)
    }

    /// What the step sends as a body.
    func member(_ member: JSONValue.Member) -> JSONValue.Member {
        guard !names.isEmpty, let items = member.value.array else { return member }
        let filled = items.map { item -> JSONValue in
            guard let members = item.object else { return item }
            return .object(
                members.map { part in
                    guard part.name == "etag", let value = variable(part.value.string) else {
                        return part
                    }
                    return .init(part.name, value)
                })
        }
        return .init(member.name, .array(filled))
    }
}
