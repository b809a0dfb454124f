import Foundation
import JSON
import TestSupport
import Testing
import Transport

/// Which cases `scenario run`, `list` and `check` mean, and what they tell machines.
@Suite struct ScenarioOptionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileContents.makeFolder("\(folder.path)/Scenarios")
        try folder.write("Scenarios/a.yaml", Self.scenario("keeps", tags: "[quick, state]"))
        try folder.write(
            "Scenarios/b.yaml",
            Self.scenario("loses", tags: "[slow]", status: "${expected}", matrix: true))
    }

    private static func scenario(
        _ name: String, tags: String, status: String = "204", matrix: Bool = false
    ) -> String {
        """
        version: 1
        name: \(name)
        tags: \(tags)
        \(matrix ? "matrix: { store: [memory, sqlite], expected: [\"204\"] }" : "")
        steps:
          - get: /v1.0/state/statestore/nothing
            expect: { body: "", status: { startsWith: "\(status)" } }
        """
    }

    private func fakedapr(_ arguments: String...) throws -> Fakedapr.Outcome {
        try Fakedapr.run(["scenario"] + arguments, folder: folder.path)
    }

    // MARK: list

    @Test func `list shows the cases of every file, with its tags`() throws {
        let outcome = try fakedapr("list")
        #expect(
            outcome.output == """
                Scenarios/a.yaml #quick #state
                  keeps
                Scenarios/b.yaml #slow
                  loses [store=memory, expected=204]
                  loses [store=sqlite, expected=204]

                """)
        #expect(outcome.status == 0 && outcome.errors == "")
    }

    @Test(arguments: [
        (["--tag", "slow"], ["memory", "sqlite"]), (["--tag", "!slow"], [""]),
        (["-t", "quick", "-t", "slow"], ["", "memory", "sqlite"]),
        (["--filter", "LOSES", "--store", "sqlite"], ["sqlite"]),
        (["--filter", "store=memory", "--filter", "keeps"], ["", "memory"]),
        (["--var", "store=redis", "--var", "expected=5"], ["redis", "redis"]),
    ])
    func `cases are chosen by tags, titles and variables`(
        options: [String], stores: [String]
    ) throws {
        let outcome = try Fakedapr.run(
            ["scenario", "list", "--output", "json"] + options, folder: folder.path)
        let cases = try JSONValue.parse(Array(outcome.output.utf8)[...]).array
        #expect(cases?.map { $0["variables"]?["store"]?.string ?? "" } == stores)
    }

    // MARK: check

    @Test func `check tells the first mistake of every file, and 2`() throws {
        try folder.write("Scenarios/c.yaml", "version: 1\nstep: []\n")
        try folder.write("Scenarios/d.yaml", "version: 1\nsteps:\n  - gte: /\n")
        let outcome = try fakedapr("check")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("Scenarios/c.yaml:2:1: error: unknown key `step`"))
        #expect(outcome.errors.contains("did you mean `steps`?"))
        #expect(outcome.errors.contains("Scenarios/d.yaml:3:5: error: a step has to say"))
        #expect(outcome.output == "4 files: 2 with mistakes\n")
        let json = try fakedapr("check", "--output", "json")
        let problems = try JSONValue.parse(Array(json.output.utf8)[...])["problems"]?.array
        #expect(problems?.map { $0["line"]?.double } == [2, 3])
        #expect(json.status == 2 && json.errors == "")
    }

    @Test func `check is content with files that are right`() throws {
        let outcome = try fakedapr("check", "Scenarios")
        #expect(outcome.output == "2 files, 3 cases: no mistakes\n")
        #expect(outcome.status == 0)
    }

    // MARK: Variables

    @Test func `variables come from the command line and from the environment`() throws {
        let path = try folder.write(
            "vars.yaml",
            """
            version: 1
            name: variables
            steps:
              - put: { store: statestore, key: "${user}", value: "${env.SCENARIO_WORD}" }
              - get: /v1.0/state/statestore/ann
                expect: { status: 200, json: a=b }
            """)
        let outcome = try Fakedapr.run(
            ["scenario", "run", path, "--var", "user=ann"],
            environment: ["SCENARIO_WORD": "a=b"], folder: folder.path)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        let missing = try Fakedapr.run(
            ["scenario", "check", path, "--var", "user=ann"], folder: folder.path)
        #expect(missing.status == 2)
        #expect(missing.errors.contains("vars.yaml:4:10: error: no value for ${env.SCENARIO_WORD}"))
        #expect(missing.errors.contains("hint: set the environment variable SCENARIO_WORD"))
    }

    @Test func `a variable that nothing asks for is told`() throws {
        let outcome = try fakedapr("run", "Scenarios/a.yaml", "--var", "unheard=5")
        #expect(outcome.status == 0)
        #expect(outcome.errors == "fakedapr: no scenario has a use for --var unheard\n")
        // Parts that are included, seeds in files of their own, defaults: all of them ask.
        try folder.write(
            "part.yaml", "version: 1\nsteps: [{ get: '/v1.0/state/statestore/${part:-x}' }]\n")
        try folder.write("seed.yaml", "state: { statestore: { a: '${seeded}' } }\n")
        try folder.write(
            "all.yaml",
            """
            version: 1
            name: all
            steps:
              - seed: seed.yaml
              - get: "/v1.0/state/statestore/${env.UNHEARD:-a}"
              - include: part.yaml
            """)
        let used = try fakedapr(
            "run", "all.yaml", "--var", "part=5", "--var", "seeded=5", "--var", "store=memory",
            "--var", "broker=memory")
        #expect(used.status == 0 && used.errors == "", "\(used.output)\(used.errors)")
    }

    @Test func `a run without a case is none`() throws {
        try folder.write(
            "m.yaml",
            """
            version: 1
            name: m
            matrix: { store: [memory, redis], exclude: [{ store: redis }] }
            steps: []
            """)
        let outcome = try fakedapr("run", "m.yaml", "--store", "redis")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("no case is left: with --var and --store as they are"))
        #expect(try fakedapr("run", "Scenarios/a.yaml", "m.yaml", "--store", "memory").status == 0)
    }

    // MARK: run

    @Test func `what failed last time is run alone, until it passes`() throws {
        let first = try fakedapr("run", "Scenarios", "--var", "expected=200", "--store", "memory")
        #expect(first.status == 4)
        #expect(first.output.contains("2 cases: 1 passed, 1 failed"))
        let again = try fakedapr(
            "run", "Scenarios", "--var", "expected=200", "--store", "memory", "--last-failed")
        #expect(again.output.contains("1 case: 0 passed, 1 failed"))
        // Mended.
        try folder.write(
            "Scenarios/b.yaml",
            Self.scenario("loses", tags: "[]", status: "20", matrix: true)
                .replacing("[\"204\"]", with: "[\"200\"]"))
        let mended = try fakedapr("run", "Scenarios", "--store", "memory", "--last-failed")
        #expect(mended.output.contains("1 case: 1 passed"))
        let all = try fakedapr("run", "Scenarios", "--store", "memory", "--last-failed")
        #expect(all.output.contains("2 cases: 2 passed"))
        #expect(all.errors.contains("none of these cases failed last time: all of them are run"))
    }

    @Test func `fail-fast begins nothing after a failure`() throws {
        let outcome = try fakedapr(
            "run", "Scenarios/b.yaml", "Scenarios/a.yaml", "--var", "expected=200", "--fail-fast",
            "--jobs", "1")
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("1 case: 0 passed, 1 failed, 2 not run"))
    }

    @Test func `reports go to files, and the text stays`() throws {
        let forms = ["junit", "tap", "jsonl", "html", "github"]
        let outcome = try Fakedapr.run(
            ["scenario", "run", "Scenarios", "--var", "expected=200"]
                + forms.flatMap { ["--report", "\($0)=out/\($0).txt"] }, folder: folder.path)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("3 cases: 1 passed, 2 failed"))
        for (form, text) in zip(forms, ["<testsuites", "1..3", "summary", "<!doctype", "::error"]) {
            let report = try String(
                contentsOfFile: "\(folder.path)/out/\(form).txt", encoding: .utf8)
            #expect(report.contains(text), "\(form)")
        }
        // Read by parsers of others.
        let parsed = try ShellProcess.run(
            """
            python3 - "$0" <<'END'
            import sys, json, xml.etree.ElementTree as tree
            root = tree.parse(sys.argv[1] + "/junit.txt").getroot()
            print(root.get("tests"), root.get("failures"), len(root.findall(".//failure")))
            print(len([json.loads(line) for line in open(sys.argv[1] + "/jsonl.txt")]))
            END
            """, ["\(folder.path)/out"])
        #expect(parsed.output == "3 2 2\n4\n", "\(parsed.errors)")
    }

    @Test func `a report on standard output stands there alone`() throws {
        let outcome = try fakedapr("run", "Scenarios", "--report", "tap")
        #expect(outcome.output.hasPrefix("TAP version 14\n1..3\nok 1 - "))
        #expect(!outcome.output.contains("✓"))
        #expect(outcome.errors.contains("3 cases: 3 passed"))
        let json = try fakedapr("run", "Scenarios", "--output", "json")
        #expect(json.output.split(separator: "\n").count == 4)
        #expect(json.output.hasPrefix("{"))
    }

    @Test func `annotations stand beside the text`() throws {
        let outcome = try fakedapr(
            "run", "Scenarios/b.yaml", "--var", "expected=200", "--report", "github")
        #expect(outcome.output.contains("✗ loses"))
        #expect(outcome.output.contains("::error file=Scenarios/b.yaml,line=7,col=33,title="))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let text: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    private static let mistakes = [
        Mistake(
            arguments: ["run"],
            text: "`scenario run` says not which scenarios: name files or folders"),
        Mistake(
            arguments: ["run", "Scenarios", "--report", "junt"],
            text: "unknown --report `junt`: did you mean junit?"),
        Mistake(
            arguments: ["run", "Scenarios", "--report", "xunit=x"],
            text: "unknown --report `xunit`"),
        Mistake(arguments: ["run", "a", "--report", "tap="], text: "--report tap= names no file"),
        Mistake(
            arguments: ["run", "a", "--report", "tap", "--report", "jsonl"],
            text: "tap and jsonl cannot both go to standard output"),
        Mistake(
            arguments: ["run", "a", "--var", "x"], text: "invalid --var `x`: write NAME=VALUE"),
        Mistake(
            arguments: ["run", "Scenarios", "--var", "expectd=5"],
            text: "no scenario has a use for --var expectd: did you mean expected?"),
        Mistake(
            arguments: ["run", "a", "--store", "sqllite"],
            text: "invalid --store `sqllite`: did you mean sqlite?"),
        Mistake(arguments: ["run", "a", "--jobs", "0"], text: "invalid --jobs: write 1 or more"),
        Mistake(
            arguments: ["run", "a", "--fail-fats"],
            text: "unknown option `--fail-fats` of `scenario run`: did you mean --fail-fast?"),
        Mistake(
            arguments: ["run", "Scenarios", "--tag", "slwo"],
            text: "no scenario has the tags of --tag slwo: there are quick, slow, state"),
        Mistake(
            arguments: ["list", "--filter", "nothing"],
            text: "no title holds `nothing`: `fakedapr scenario list` shows all of them"),
        Mistake(
            arguments: ["list", "--output", "yaml"],
            text: "invalid --output `yaml`: write text, json"),
    ]

    @Test(arguments: mistakes)
    func `a mistake on the command line is told, and 1`(mistake: Mistake) throws {
        let outcome = try Fakedapr.run(["scenario"] + mistake.arguments, folder: folder.path)
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(mistake.text), "\(outcome.errors)")
        #expect(outcome.output == "")
    }
}
