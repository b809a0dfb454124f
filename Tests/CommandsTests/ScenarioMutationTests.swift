import Foundation
import JSON
import TestSupport
import Testing
import YAML

/// The scenarios of the checkout can fail: each value that they expect, altered, is missed at its line.
@Suite struct ScenarioMutationTests {
    /// One expected value of a file and another in its place.
    struct Mutation: Sendable, CustomTestStringConvertible {
        let file: String
        /// Where the failure is to be told: at the value, or somewhere in the question it is part of.
        let lines: ClosedRange<Int>
        let path: String
        let other: String
        let text: String

        var testDescription: String { "\(file):\(lines.lowerBound), \(path): \(other)" }
    }

    private static let folder = "\(Fakedapr.checkout)/Scenarios"

    static let mutations: [Mutation] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted().flatMap { name in
            guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8),
                let root = try? YAMLParser.document(of: SourceText(name: name, text: text))
            else { return [Mutation]() }
            return ["setup", "steps", "always"].flatMap { part in
                Mutations(file: name, text: text).inSteps(root[part], part)
            }
        }
    }()

    /// Finds the values of one file.
    private struct Mutations {
        let file: String
        let text: String

        func inSteps(_ node: YAMLNode?, _ path: String) -> [Mutation] {
            (node?.sequence ?? []).enumerated().flatMap { index, step in
                inStep(step, "\(path)[\(index)]")
            }
        }

        private func inStep(_ step: YAMLNode, _ path: String) -> [Mutation] {
            var found: [Mutation] = []
            if let expect = step["expect"] { found += leaves(expect, path, within: nil) }
            for action in ["verify", "wait"] {
                guard let question = step[action] else { continue }
                // Of what was never done, something else was not done either.
                if let bound = question["exactly"], bound.int == 0 {
                    found += leaves(bound, "\(path).\(action).exactly", within: lines(of: question))
                    continue
                }
                found += leaves(question, "\(path).\(action)", within: lines(of: question))
            }
            for group in ["steps", "parallel"] {
                found += inSteps(step[group], "\(path).\(group)")
            }
            return found
        }

        private func lines(of node: YAMLNode) -> ClosedRange<Int> {
            node.span.start.line...max(node.span.start.line, node.span.end.line)
        }

        private func leaves(
            _ node: YAMLNode, _ path: String, within lines: ClosedRange<Int>?
        ) -> [Mutation] {
            // What is not to be so may be otherwise in any way; a bound above may be
            // higher; how long is waited is no expectation.
            guard
                !["not", "atMost", "timeout", "since"].contains(where: { path.hasSuffix(".\($0)") })
            else {
                return []
            }
            switch node.value {
            case .mapping(let members):
                // What no element of a list is, is told where the list is spoken of.
                let isAny = members.contains { ["any", "contains"].contains($0.name) }
                let lines = isAny ? lines ?? self.lines(of: node) : lines
                return members.flatMap { leaves($0.value, "\(path).\($0.name)", within: lines) }
            case .sequence(let nodes):
                return nodes.enumerated().flatMap {
                    leaves($1, "\(path)[\($0)]", within: lines)
                }
            case .scalar:
                let other = other(node, path)
                var bytes = Array(text.utf8)
                bytes.replaceSubrange(
                    node.span.start.offset..<node.span.end.offset, with: other.utf8)
                let line = node.span.start.line
                return [
                    Mutation(
                        file: file, lines: lines ?? line...line, path: path, other: other,
                        text: String(decoding: bytes, as: UTF8.self))
                ]
            }
        }

        private func other(_ node: YAMLNode, _ path: String) -> String {
            let name = path.split(separator: ".").last.map(String.init) ?? ""
            switch name {
            case "lt", "lte": return "-100000"
            // Another word than one of these is refused before anything is run.
            case "api": return "shutdown"
            case "operation": return "query"
            case "outcome": return "unreadable"
            case "type": return node.text == "string" ? "\"number\"" : "string"
            case "matches": return "\"^$\""
            default: break
            }
            if let number = node.int { return String(number + 100_000) }
            if let bool = node.bool { return String(!bool) }
            return "\"never there\""
        }
    }

    @Test func `the scenarios expect something in every step`() {
        #expect(Self.mutations.count >= 150)
        let files = Set(Self.mutations.map(\.file))
        #expect(files.count >= 12, "\(files.sorted())")
    }

    /// All of them in one run, each a file of its own.
    @Test(.timeLimit(.minutes(4)))
    func `an expected value that is altered is missed at its line`() async throws {
        let mutated = try TemporaryFolder()
        _ = try ShellProcess.run(
            "ln -s \"$0\"/*/ .", [Self.folder], folder: mutated.path)
        for (index, mutation) in Self.mutations.enumerated() {
            try mutated.write("m\(index).yaml", mutation.text)
        }
        let path = mutated.path
        let outcome = try await OffPool.run {
            try Fakedapr.run(
                [
                    "scenario", "run", path, "--store", "memory", "--var", "broker=memory",
                    "--jobs", "16", "--output", "json",
                ], folder: path, within: .seconds(200))
        }
        #expect(outcome.status == 4, "\(outcome.errors)")
        var missed: [String: Set<Int>] = [:]
        for line in outcome.output.split(separator: "\n") {
            let result = try JSONValue.parse(Array(line.utf8)[...])
            guard let file = result["file"]?.string?.split(separator: "/").last else { continue }
            let failures = (result["steps"]?.array ?? []).flatMap { $0["failures"]?.array ?? [] }
            missed[String(file), default: []].formUnion(
                failures.compactMap { $0["line"]?.double.map { Int($0) } })
        }
        for (index, mutation) in Self.mutations.enumerated() {
            let lines = missed["m\(index).yaml"] ?? []
            #expect(lines.contains { mutation.lines.contains($0) }, "\(mutation): \(lines)")
        }
    }
}
