import Testing

@testable import YAML

@Suite struct LimitTests {
    private func limits(_ change: (inout YAMLLimits) -> Void) -> YAMLLimits {
        var limits = YAMLLimits()
        change(&limits)
        return limits
    }

    private func refusal(_ text: String, _ limits: YAMLLimits) -> String? {
        do throws(Diagnostic) {
            _ = try documents(text, limits: limits)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func `bytes`() {
        let limits = limits { $0.bytes = 6 }
        #expect(refusal("a: bcd", limits) == nil)
        #expect(refusal("a: bcde", limits) == "the file is larger than 6 bytes")
        let source = SourceText(name: "f.yaml", text: "a: bcde")
        let results = YAMLParser.resourceDocuments(of: source, limits: limits)
        #expect(results.count == 1)
        #expect(throws: Diagnostic.self) { try results.first?.get() }
    }

    @Test func `depth`() {
        let limits = limits { $0.depth = 3 }
        #expect(refusal("[{a: [b]}]", limits) == nil)
        #expect(refusal("[{a: [[b]]}]", limits) == "nested more than 3 levels deep")
        #expect(refusal("[{a: [{}]}]", limits) == "nested more than 3 levels deep")
    }

    @Test func `depth is counted through aliases`() {
        let limits = limits { $0.depth = 4 }
        #expect(refusal("- &a [[b]]\n- [*a]", limits) == nil)
        #expect(refusal("- &a [[b]]\n- [[*a]]", limits) == "nested more than 4 levels deep")
    }

    @Test func `nodes`() {
        let limits = limits { $0.nodes = 4 }
        #expect(refusal("[a, b, c]", limits) == nil)
        #expect(refusal("[a, b, c]\n--- [a, b, c]", limits) == nil)
        #expect(
            refusal("[a, b, c, d]", limits) == "more than 4 nodes in a document, aliases counted")
        #expect(
            refusal("{a: b, c: d}", limits) == "more than 4 nodes in a document, aliases counted")
    }

    @Test func `aliases`() {
        let limits = limits { $0.aliases = 2 }
        #expect(refusal("[&a b, *a, *a]", limits) == nil)
        #expect(refusal("[&a b, *a, *a, *a]", limits) == "more than 2 aliases in a document")
    }

    @Test func `nine lines of aliases do not become a billion nodes`() {
        var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1...9 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(alias)]\n"
        }
        #expect(
            refusal(text, YAMLLimits()) == "more than 200000 nodes in a document, aliases counted")
    }

    @Test func `warnings`() {
        let text = "a: 1\n" + String(repeating: "a: 2\n", count: 4)
        var warnings: [Diagnostic] = []
        let results = YAMLParser.resourceDocuments(
            of: SourceText(name: "f.yaml", text: text), limits: limits { $0.warnings = 3 }
        ) { warnings.append($0) }
        #expect(results.count == 1)
        #expect(warnings.map(\.span.start.line) == [2, 3, 4])
    }

    @Test(arguments: ["[", "{", "- ", "{a: ", "? "])
    func `deep nesting ends early`(opening: String) {
        let message = refusal(String(repeating: opening, count: 50_000), YAMLLimits())
        #expect(message == "nested more than 64 levels deep")
    }

    @Test func `many keys are compared by name, not each with each`() throws {
        let text = (0..<50_000).map { "k\($0): 1\n" }.joined()
        #expect(try document(text).mapping?.count == 50_000)
    }
}
