import Backends
import Bytes
import JSON
import Testing

@testable import Blocks

@Suite struct EntryJSONTests {
    private static func bytes(_ text: String) -> ByteSlice { Array(text.utf8)[...] }

    private static func entry(
        head: String = "", target: String = "/v1.0/state/s?a=b&c", status: Int = 204,
        state: [StateRecord] = [], detail: JournalDetail = JournalDetail(),
        request: ByteSlice = [], response: ByteSlice = []
    ) -> JournalEntry {
        JournalEntry(
            time: Timestamp(nanoseconds: 1_767_225_600_250_000_000), appID: "app", api: .state,
            status: status, state: state, detail: detail, head: bytes(head), method: bytes("POST"),
            target: bytes(target), requestBody: request, responseBody: response)
    }

    private static let start =
        #"{"sequence":0,"time":"2026-01-01T00:00:00.25Z","app":"app","api":"state","method":"POST","#
        + #""path":"/v1.0/state/s","query":"a=b&c","#

    @Test func `an entry is one object that leaves out what there is nothing of`() {
        let entry = Self.entry()
        #expect(
            String(text: entry.json) == Self.start + #""status":204,"response":{"status":204}}"#)
    }

    @Test func `an entry tells operations, headers and bodies`() {
        let entry = Self.entry(
            head: "Content-Type: application/json\r\nX-A:  1 \r\nx-a: 2\r\n\r\n", status: 400,
            state: [
                StateRecord(.set, store: "s", key: Self.bytes("k<")),
                StateRecord(.delete, store: "s", key: Self.bytes("l")),
            ], request: Self.bytes(#" {"a" : [1.50]}"#), response: Self.bytes("no"))
        #expect(
            String(text: entry.json) == Self.start + #""status":400,"#
                + #""state":[{"operation":"set","store":"s","key":"k<"},"#
                + #"{"operation":"delete","store":"s","key":"l"}],"#
                + #""headers":{"content-type":"application/json","x-a":"1, 2"},"#
                + #""body":" {\"a\" : [1.50]}","json":{"a":[1.50]},"#
                + #""response":{"status":400,"body":"no"}}"#)
    }

    @Test func `a delivery tells its topic, its attempt and what became of it`() {
        var detail = JournalDetail(message: MessageRecord(pubsub: "ps", topic: "t"))
        detail.attempt = 2
        detail.outcome = .unreachable
        detail.callee = "c"
        detail.fault = "f"
        detail.hint = "h"
        #expect(
            String(text: Self.entry(status: 0, detail: detail).json) == Self.start
                + #""pubsub":"ps","topic":"t","attempt":2,"outcome":"unreachable","callee":"c","#
                + #""fault":"f","hint":"h","response":{}}"#)
    }

    @Test func `what is no text is told in base64 too`() throws {
        let json = try JSONValue.parse(Self.entry(request: [0xFF, 0x00]).json[...])
        #expect(json["body"]?.string == "\u{FFFD}\u{0}")
        #expect(json["bodyBase64"]?.string == "/wA=")
        #expect(json["json"] == nil)
    }

    @Test func `a body that was cut tells its length and a hash`() throws {
        let body = Array(repeating: UInt8(ascii: "7"), count: 70_000)[...]
        let json = try JSONValue.parse(Self.entry(request: body, response: body).json[...])
        for part in [json, try #require(json["response"])] {
            #expect(part["bodyLength"]?.text == "70000")
            #expect(part["body"]?.string?.utf8.count == JournalLimits.keptBodyBytes)
        }
        #expect(json["bodiesHash"]?.string?.isEmpty == false)
    }

    @Test func `whatever the bytes, an entry is valid JSON`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let noise = { (count: Int) in
                (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }[...]
            }
            let entry = JournalEntry(
                time: Timestamp(seconds: -1), appID: "a\"\n", api: .other, status: 1,
                state: [StateRecord(.get, store: "\\", key: noise(9))], head: noise(60),
                method: noise(5), target: noise(9), requestBody: noise(40),
                responseBody: noise(40))
            #expect(throws: Never.self) { try JSONValue.parse(entry.json[...]) }
        }
    }

    // MARK: Parts

    @Test func `each part that may be asked for is found in an entry that has it`() {
        var detail = JournalDetail(message: MessageRecord(pubsub: "ps", topic: "t"))
        detail.attempt = 1
        detail.outcome = .success
        detail.callee = "c"
        detail.fault = "f"
        detail.hint = "h"
        let record = StateRecord(.get, store: "s", key: Self.bytes("k"))
        let entry = Self.entry(
            head: "A: b\r\n\r\n", state: [record], detail: detail, request: Self.bytes("{}"),
            response: Self.bytes("[1]"))
        let bare = JournalEntry(
            time: Timestamp(seconds: 1), appID: "", api: .other, status: 0, state: [], head: [],
            method: [], target: [], requestBody: [], responseBody: [])
        for name in JournalEntry.parts {
            #expect(entry.part(name, record) != nil, "\(name)")
            let isAlways = ["api", "app", "headers", "body", "response"].contains(name)
            #expect((bare.part(name) != nil) == isAlways, "\(name)")
        }
        #expect(entry.part("path")?.string == "/v1.0/state/s")
        #expect(entry.part("query")?.string == "a=b&c")
        #expect(entry.part("headers.A")?.string == "b")
        #expect(entry.part("response")?.text == #"{"status":204,"body":"[1]","json":[1]}"#)
        #expect(entry.part("headers.c") == nil && entry.part("stranger") == nil)
    }
}
