import Testing
import YAML

@testable import Scenarios

/// A matrix makes cases.
@Suite struct CaseTests {
    private func titles(
        _ head: String, fixed: [String: String] = [:]
    ) throws(Diagnostic) -> [String] {
        let text = "version: 1\nname: n\n\(head)\nsteps: []\n"
        let scenario = try ScenarioLoader.load(
            SourceText(name: "s.yaml", text: text), folder: ".")
        return ScenarioCase.all(of: scenario, fixed: fixed).map(\.title)
    }

    @Test func `without a matrix there is one case`() throws {
        #expect(try titles("") == ["n"])
    }

    @Test func `every combination is a case, the last variable turning fastest`() throws {
        #expect(
            try titles("matrix: {a: [1, 2], b: [x, y]}") == [
                "n [a=1, b=x]", "n [a=1, b=y]", "n [a=2, b=x]", "n [a=2, b=y]",
            ])
    }

    @Test func `a variable that is fixed takes its one value, in the matrix or not`() throws {
        let fixed = ["store": "redis"]
        #expect(try titles("matrix: {store: [memory, redis]}", fixed: fixed) == ["n [store=redis]"])
        #expect(try titles("matrix: {store: [memory]}", fixed: fixed) == ["n [store=redis]"])
        #expect(try titles("matrix: {a: [1]}", fixed: fixed) == ["n [a=1, store=redis]"])
        #expect(
            try titles("sidecar: {components: {s: 'state.${store}'}}", fixed: fixed)
                == ["n [store=redis]"])
    }

    @Test func `a scenario that has no use for the fixed variable does not get it`() throws {
        let head = "sidecar: {components: {s: state.sqlite}}"
        #expect(try titles(head, fixed: ["store": "redis"]) == ["n"])
    }
}
