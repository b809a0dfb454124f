import TestSupport
import Testing
import YAML

/// The scenario that the project exists for can fail: each value it expects, altered, is missed at its
/// line.
@Suite struct ScenarioMutationTests {
    /// One expected value of the file and another in its place.
    struct Mutation: Sendable, CustomTestStringConvertible {
        let line: Int
        let text: String
        let path: String
        let other: String

        var testDescription: String { "line \(line), \(path): \(other)" }
    }

    private static let file = "\(Fakedapr.checkout)/Scenarios/statestore.yaml"

    static let mutations: [Mutation] = {
        guard let text = try? ShellProcess.run("cat \"$0\"", [file]).output,
            let root = try? YAMLParser.document(of: SourceText(name: "s.yaml", text: text))
        else { return [] }
        var found: [Mutation] = []
        for part in ["setup", "steps", "always"] {
            for (index, step) in (root[part]?.sequence ?? []).enumerated() {
                if let expect = step["expect"] {
                    found += leaves(expect, "\(part)[\(index)]", text)
                }
                if let count = step["verify"]?["exactly"] {
                    found += leaves(count, "\(part)[\(index)].verify", text)
                }
            }
        }
        return found
    }()

    private static func leaves(_ node: YAMLNode, _ path: String, _ text: String) -> [Mutation] {
        switch node.value {
        case .mapping(let members):
            return members.flatMap { leaves($0.value, "\(path).\($0.name)", text) }
        case .sequence(let nodes):
            return nodes.enumerated().flatMap { leaves($1, "\(path)[\($0)]", text) }
        case .scalar:
            let other = other(node, path)
            var bytes = Array(text.utf8)
            bytes.replaceSubrange(node.span.start.offset..<node.span.end.offset, with: other.utf8)
            return [
                Mutation(
                    line: node.span.start.line, text: String(decoding: bytes, as: UTF8.self),
                    path: path, other: other)
            ]
        }
    }

    private static func other(_ node: YAMLNode, _ path: String) -> String {
        if let number = node.int { return String(number + 100_000) }
        if path.hasSuffix(".type") { return "string" }
        if path.hasSuffix(".matches") { return "\"^$\"" }
        return "\"never there\""
    }

    @Test func `the scenario expects something in every step`() {
        #expect(Self.mutations.count >= 15)
    }

    @Test(arguments: mutations)
    func `an expected value that is altered is missed at its line`(mutation: Mutation) throws {
        let folder = try TemporaryFolder()
        let guests = "guest: \(Fakedapr.checkout)/Scenarios/guests/"
        try folder.write("s.yaml", mutation.text.replacing("guest: guests/", with: guests))
        let outcome = try Fakedapr.run(
            ["scenario", "run", "s.yaml", "--store", "memory"], folder: folder.path)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("s.yaml:\(mutation.line):"), "\(outcome.output)")
    }
}
