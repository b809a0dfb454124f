import Matching
import Testing
import YAML

@testable import Scenarios

/// Questions to the journal in scenario files: words that no entry can have are refused, for
/// `exactly: 0` would be content with them.
@Suite struct QuestionTests {
    /// The error of a file with one step, nil when there is none.
    private static func mistake(_ step: String) -> Diagnostic? {
        let text = "version: 1\nsteps:\n  - \(step)\n"
        do throws(Diagnostic) {
            _ = try ScenarioLoader.load(SourceText(name: "s.yaml", text: text), folder: ".")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            (
                "verify: { api: stat, exactly: 0 }", 20, "there is no API `stat`",
                "did you mean `state`?"
            ),
            (
                "wait: { outcome: sucess }", 22, "there is no outcome `sucess`",
                "did you mean `success`?"
            ),
            (
                "verify: { operation: fetch, exactly: 0 }", 26, "there is no operation `fetch`",
                "known here: `get`, `set`, `delete`, `query`"
            ),
            (
                "verify: { operation: { not: gte }, exactly: 0 }", 33,
                "there is no operation `gte`", "did you mean `get`?"
            ),
            (
                "verify: { inOrder: [{ api: state }, { api: pubish }] }", 48,
                "there is no API `pubish`", "did you mean `publish`?"
            ),
            (
                "verify: { api: [state, invok], exactly: 0 }", 28, "there is no API `invok`",
                "did you mean `invoke`?"
            ),
            (
                "verify: { api: [state, invoke], exactly: 0 }", 20,
                "`api` is one word, never a list",
                #"for any of several write `{ matches: "^(state|invoke)$" }`"#
            ),
            (
                "fault: { kind: error, match: { operation: st } }", 47,
                "there is no operation `st`", "did you mean `set`?"
            ),
        ] as [(String, Int, String, String?)])
    func `a word that no entry can have is refused`(
        step: String, column: Int, message: String, hint: String?
    ) throws {
        let mistake = try #require(Self.mistake(step))
        #expect(mistake.message == message)
        #expect(mistake.hint == hint)
        #expect(mistake.span.start.line == 3 && mistake.span.start.column == column)
    }

    /// What no entry can be, whatever is counted.
    @Test(arguments: [
        (
            "verify: { status: '204', exactly: 0 }", "`status` is a number, never the text `204`",
            "write 204 without quotes"
        ),
        (
            "wait: { attempt: first }", "`attempt` is a number, never the text `first`", ""
        ),
        (
            "get: /\n    expect: { status: \"204\" }",
            "`status` is a number, never the text `204`", "write 204 without quotes"
        ),
        (
            "verify: { key: { contain: a }, exactly: 0 }", "`key` is no object",
            "`contain` is no operator, did you mean `contains`? operators are equals, "
        ),
        (
            "verify: { headers: { x: { startWith: a } }, exactly: 0 }", "`x` is no object",
            "`startWith` is no operator, did you mean `startsWith`?"
        ),
    ])
    func `a value of another kind is refused`(step: String, message: String, hint: String) throws {
        let mistake = try #require(Self.mistake(step))
        #expect(mistake.message == message)
        #expect(mistake.hint?.hasPrefix(hint) ?? hint.isEmpty, "\(mistake.hint ?? "")")
    }

    @Test(arguments: [
        "verify: { api: state, operation: set, exactly: 0 }",
        "wait: { outcome: deadLetter, app: anybody, key: any }",
        "verify: { api: { matches: '^(stat|invok)' }, exactly: 0 }",
        "verify: { api: { not: guest }, outcome: { absent: true }, exactly: 0 }",
        "verify: { api: '${api}', operation: '${what:-get}', exactly: 0 }",
        "verify: { json: { contain: a }, response: { a: b }, status: '${n}', exactly: 0 }",
        "fault: { kind: error, match: { api: state, operation: { not: set } } }",
    ])
    func `conditions and variables stay free`(step: String) {
        #expect(Self.mistake(step)?.rendered == nil)
    }

    @Test(arguments: [
        ("verify", "use `wait`, which asks until it is so"),
        ("wait", "give the question a `timeout`"),
    ])
    func `a question is not asked again by retry`(action: String, hint: String) throws {
        let mistake = try #require(
            Self.mistake("{ \(action): { api: state, exactly: 1 }, retry: 5s }"))
        #expect(mistake.message == "`\(action)` has no `retry`")
        #expect(mistake.hint == hint)
    }
}
