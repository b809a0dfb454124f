import Bytes
import HTTP
import JSON
import Testing

@testable import Scenarios
@testable import WasmRunner

/// What steps did, as values by path.
@Suite struct OutcomeTests {
    private func answer(_ text: String) throws -> Outcome {
        let bytes = Array(text.utf8)[...]
        let head = try #require(
            try ResponseParser.parse(bytes, isHEAD: false, limits: HTTPLimits()))
        return Outcome(
            IncomingResponse(
                status: head.status, fields: head.fields, body: bytes.dropFirst(head.byteCount)))
    }

    @Test(arguments: [
        ("status", "200"), ("headers.etag", "\"7\""), ("headers.ETag", "\"7\""),
        ("headers.absent", nil), ("body", #""{\"a\":[{\"b\":1},2]}""#), ("json.a[0].b", "1"),
        ("json.a[1]", "2"), ("json.a.1", "2"), ("json.a[2]", nil), ("json.b", nil),
        ("json.a.b", nil), ("nothing", nil), ("", nil),
    ])
    func `an answer's parts are found by path`(path: String, text: String?) throws {
        let outcome = try answer(
            "HTTP/1.1 200 OK\r\nEtag: 7\r\nEtag: 8\r\nContent-Length: 19\r\n\r\n{\"a\":[{\"b\":1},2]}"
        )
        #expect(outcome.value(path)?.text == text)
    }

    @Test func `a body that is no JSON is a body all the same`() throws {
        let outcome = try answer("HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n{")
        #expect(outcome.value("json") == nil)
        #expect(outcome.value("body")?.text == "\"{\"")
        #expect(outcome.context(for: "json") == "the answer's body was\n{")
    }

    @Test func `a guest's parts are its end, its output and its calls`() {
        var guest = GuestOutcome(end: .exited(3))
        guest.output = Array("out\n".utf8)[...]
        guest.errorOutput = Array("err\n".utf8)[...]
        guest.calls = [
            GuestCall(method: "GET", url: "http://a/", result: .answered(204)),
            GuestCall(method: "PUT", url: "http://b/", result: .refused),
            GuestCall(method: "X", url: "http://c/", result: .failed),
        ]
        let outcome = Outcome(guest)
        #expect(outcome.value("exit")?.text == "3")
        #expect(outcome.value("end")?.string == "exited with 3")
        #expect(outcome.value("stdout")?.string == "out\n")
        #expect(outcome.value("stderr")?.string == "err\n")
        #expect(
            outcome.value("calls")?.text
                == #"[{"method":"GET","url":"http://a/","status":204},"#
                + #"{"method":"PUT","url":"http://b/","error":"refused"},"#
                + #"{"method":"X","url":"http://c/","error":"failed"}]"#)
        #expect(outcome.context(for: "exit") == "the guest exited with 3 and wrote\nout\nerr\n")
    }

    @Test(
        arguments: [
            (.timedOut(after: .seconds(2)), "stopped: it ran longer than 2.0 seconds"),
            (
                .trapped(reason: "integer divide by zero", backtrace: ""),
                "trapped: integer divide by zero"
            ),
            (.notRunnable("no import"), "cannot be run: no import"),
        ] as [(GuestEnd, String)])
    func `a guest that was stopped has no status but an end`(end: GuestEnd, text: String) {
        let outcome = Outcome(GuestOutcome(end: end))
        #expect(outcome.value("exit") == nil)
        #expect(outcome.value("end")?.string == text)
        #expect(outcome.context(for: "exit") == "the guest \(text)")
    }
}
