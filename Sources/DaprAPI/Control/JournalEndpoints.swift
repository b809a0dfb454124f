internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import Transport
internal import YAML

/// `/_fakedapr/journal`, `/verify`, `/wait`: what the sandbox has done.
///
/// ```
/// GET  /_fakedapr/journal?api=state&store=statestore&since=12&limit=100
///      {"entries":[…],"last":37,"dropped":0}
/// GET  /_fakedapr/journal?follow=true              (or Accept: text/event-stream)
///      id: 38\ndata: {…}\n\n                        from now on, after `since`, or `Last-Event-ID`
/// POST /_fakedapr/verify {"api":"state","operation":"set","key":"a","exactly":1}
/// POST /_fakedapr/wait   {"topic":"orders","outcome":"success","timeout":"5s"}
///      200 {"expected":{…},"actual":n,"entries":[…],…}, else 409 with the nearest misses
/// ```
enum JournalEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(
                ["GET"], "/_fakedapr/journal",
                "what was asked, answered, stored, delivered; ?follow=true goes on", handle: get),
            ControlEndpoint(
                ["POST"], "/_fakedapr/verify", "whether and how often something was done",
                handle: verify),
            ControlEndpoint(
                ["POST"], "/_fakedapr/wait", "the same, as soon as it is so", handle: wait),
        ]
    }

    // MARK: Reading

    private static func get(_ call: Call) async throws(ControlError) -> Response {
        let request = try JournalRequest(call)
        let journal = call.sidecar.sandbox.journal
        guard request.follows else { return list(journal, request) }
        let source = JournalFollower(
            journal, request.filter, after: request.since ?? journal.total,
            on: call.sidecar.sandbox.loop.reactor, use: call.sidecar.sandbox.use)
        var response = Response(
            status: 200,
            fields: [
                .init("Content-Type", "text/event-stream"), .init("Cache-Control", "no-cache"),
            ]
        )
        response.stream = .init(source)
        return response
    }

    private static func list(_ journal: Journal, _ request: JournalRequest) -> Response {
        let entries = journal.entries(after: request.since ?? 0).filter(request.filter.lets)
        var writer = JSONWriter(reserving: 1 << 16, escapesHTML: false)
        writer.beginObject()
        writer.key("entries")
        writer.beginArray()
        for entry in entries.suffix(request.limit) { entry.write(to: &writer) }
        writer.endArray()
        writer.key("last")
        writer.number(Int(clamping: journal.total))
        writer.key("dropped")
        writer.number(Int(clamping: journal.dropped))
        writer.endObject()
        return .json(200, writer.bytes)
    }

    // MARK: Asking

    private static func verify(_ call: Call) async throws(ControlError) -> Response {
        try await answer(call, waits: false)
    }

    private static func wait(_ call: Call) async throws(ControlError) -> Response {
        try await answer(call, waits: true)
    }

    private static func answer(
        _ call: Call, waits: Bool
    ) async throws(ControlError) -> Response {
        let document = try await call.document()
        let question = try Call.reading { () throws(Diagnostic) in
            try JournalQuestionReader(document.source).question(document.root, waits: waits)
        }
        let sandbox = call.sidecar.sandbox
        let answer = await sandbox.journal.answer(question, on: sandbox.loop.reactor) {
            !call.request.body.isCallerGone
        }
        let members = answer.members(question)
        guard answer.holds else {
            throw ControlError(
                409, "FAKEDAPR_VERIFY_FAILED",
                "\(answer.reason(question)), expected \(question.expected)", details: members)
        }
        return .json(200, .object(members))
    }
}

/// What `GET /_fakedapr/journal` asks for.
private struct JournalRequest {
    var filter = JournalFilter()
    var since: UInt64?
    var limit = 1000
    var follows: Bool

    init(_ call: Call) throws(ControlError) {
        let head = call.request.head
        follows = head.fields["accept"]?.equals("text/event-stream") ?? false
        for (name, value) in call.query.all {
            switch name {
            case "since": since = try Self.number(name, value)
            case "limit": limit = Int(clamping: try Self.number(name, value))
            case "follow": follows = value != "false"
            case let part where JournalFilter.parts.contains(part):
                try Self.check(value, as: part)
                filter.add(part, value)
            default: throw Self.unknown(name)
            }
        }
        if let last = head.fields["last-event-id"] {
            since = try Self.number("Last-Event-ID", String(text: last))
        }
    }

    private static func number(
        _ name: String, _ text: String
    ) throws(ControlError) -> UInt64 {
        guard let number = UInt64(text) else {
            throw .badRequest("\(name)=\(text): not a whole number")
        }
        return number
    }

    /// What is no word of the part; one that ends in `*` is a beginning.
    private static func check(_ word: String, as part: String) throws(ControlError) {
        guard !word.hasSuffix("*"), let problem = JournalWords.problem(word, as: part) else {
            return
        }
        let hint = problem.hint.map { ": \($0)" } ?? ""
        throw .badRequest("\(part)=\(word): \(problem.message)\(hint)")
    }

    private static func unknown(_ name: String) -> ControlError {
        let known = JournalFilter.parts + ["since", "limit", "follow"]
        let near = Suggestion.nearest(to: name, among: known).map { ": did you mean `\($0)`?" }
        return .badRequest(
            "unknown parameter `\(name)`"
                + (near ?? ": known are \(known.joined(separator: ", "))"))
    }
}

/// Entries as server-sent events, as they come. What falls out of the journal before a slow reader has
/// taken it is told in a comment.
///
/// Confined to the sandbox's loop.
private final class JournalFollower: BodySource {
    private let journal: Journal
    private let filter: JournalFilter
    private let reactor: Reactor
    private var last: UInt64
    private var isCancelled = false
    private var hasBegun = false
    private let use: SandboxUse
    /// When something is to be said again.
    private var silentUntil: MonotonicTime = 0

    /// How long nothing is said at most: proxies and clients take longer silence for an end.
    private static let silence = Duration.seconds(15)
    /// Bytes of one piece, about.
    private static let pieceSize = 64 << 10

    init(
        _ journal: Journal, _ filter: JournalFilter, after sequence: UInt64, on reactor: Reactor,
        use: SandboxUse
    ) {
        // Who follows uses the sandbox, however little happens there.
        self.use = use
        use.begin(at: Reactor.monotonicNow())
        self.journal = journal
        self.filter = filter
        self.reactor = reactor
        // A number that was not given yet is another run's.
        last = sequence > journal.total ? 0 : sequence
    }

    deinit { use.end(at: Reactor.monotonicNow()) }

    var remaining: Int? { nil }

    func next() async throws(BodySourceError) -> ByteSlice? {
        silentUntil = Reactor.monotonicNow() + Self.silence.nanoseconds
        // At once, so that a client knows that it follows.
        guard hasBegun else {
            hasBegun = true
            return Array(": fakedapr journal after \(last)\n\n".utf8)[...]
        }
        while !isCancelled, !journal.hasEnded {
            let piece = events()
            if !piece.isEmpty { return piece[...] }
            if await !journal.entry(after: last, until: silentUntil, on: reactor) {
                return Array(": still here\n\n".utf8)[...]
            }
        }
        return nil
    }

    func cancel() {
        isCancelled = true
        journal.wakeFollowers()
    }

    private func events() -> [UInt8] {
        var piece: [UInt8] = []
        for entry in journal.entries(after: last) where piece.count < Self.pieceSize {
            if entry.sequence > last + 1 {
                piece += Array(": \(entry.sequence - last - 1) entries were dropped\n\n".utf8)
            }
            last = entry.sequence
            guard filter.lets(entry) else { continue }
            piece += Array("id: \(entry.sequence)\ndata: ".utf8)
            piece += entry.json
            piece += Array("\n\n".utf8)
        }
        return piece
    }
}
