import Foundation
import JSON
import TestSupport
import Testing
import Transport

/// `--output json`: one value on standard output, nothing else with it.
@Suite struct OutputFormTests {
    /// A command that needs nobody, and what its value is to hold.
    struct Plain: CustomTestStringConvertible, Sendable {
        let words: [String]
        var status: Int32 = 0
        let text: String
        var testDescription: String { words.joined(separator: " ") }
    }

    static let plain = [
        Plain(words: ["list"], text: "[]"),
        Plain(words: ["status"], text: "[]"),
        Plain(
            words: ["version"],
            text: #"{"Cli version":"0.1.0","Runtime version":"1.18.3"}"#),
        Plain(words: ["stop", "nobody"], text: #"[{"appId":"nobody","stopped":false}]"#),
        Plain(
            words: ["logs", "-a", "nobody"], status: 1,
            text: #"{"error":"couldn't find app id nobody","status":1}"#),
        Plain(
            words: ["invoke", "-a", "nobody", "-m", "x"], status: 1,
            text: #"{"error":"error invoking app nobody: app ID nobody not found","status":1}"#),
        Plain(
            words: ["publish", "-i", "nobody", "-p", "pubsub", "-t", "t"], status: 1,
            text: #"{"error":"Error publishing topic t: couldn't find a running Dapr instance","#
                + #""status":1}"#),
    ]

    @Test(arguments: plain, ["--output", "-o"])
    func `a command answers in JSON`(_ command: Plain, option: String) throws {
        let outcome = try Fakedapr.run(command.words + [option, "json"])
        #expect(outcome.status == command.status)
        #expect(outcome.output.trimmingSuffix("\n") == command.text)
    }

    @Test(arguments: ["init", "uninstall"])
    func `a command with nothing to tell but words tells them in a list`(command: String) throws {
        let outcome = try Fakedapr.run([command, "--output", "json"])
        let value = try JSONValue.parse(Array(outcome.output.utf8)[...])
        #expect((value["messages"]?.array?.count ?? 0) >= 2)
        #expect(outcome.errors == "")
    }

    /// Whatever commands there are.
    @Test func `every command has it`() throws {
        for command in try Self.commands([]) {
            let help = try Fakedapr.run(command + ["--help"]).output
            #expect(help.contains("--output"), "\(command)")
        }
    }

    /// The commands below one, those that have none of their own.
    private static func commands(_ path: [String]) throws -> [[String]] {
        let help = try Fakedapr.run(path + ["--help"]).output
        guard let list = help.components(separatedBy: "SUBCOMMANDS:\n").dropFirst().first else {
            return [path]
        }
        let names = list.split(separator: "\n").filter {
            $0.hasPrefix("  ") && !$0.hasPrefix("   ")
        }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
        .filter { $0 != "See" && path.count < 3 }
        return try names.flatMap { try commands(path + [$0]) }
    }

    @Test func `a failure is told to people too`() throws {
        let outcome = try Fakedapr.run(["logs", "-a", "nobody", "--output", "json"])
        #expect(outcome.errors == "❌  couldn't find app id nobody\n")
    }

    @Test func `serve tells its URL, stores and brokers in one line`() throws {
        let serve = try FakedaprProcess([
            "serve", "--port", "0", "--store", "memory", "--output", "json",
        ])
        try Deadline.wait("the line") { serve.output.hasSuffix("\n") }
        let value = try JSONValue.parse(Array(serve.output.utf8)[...])
        #expect(value["url"]?.string?.hasPrefix("http://127.0.0.1:") == true)
        #expect(value["appId"] == .string("app"))
        #expect(value["stores"] == .array([.string("statestore (in memory)")]))
        #expect(value["brokers"]?.array?.count == 1)
    }

    @Test func `wait tells when a sidecar is ready`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let url = "http://127.0.0.1:\(serve.port)"
        let outcome = try Fakedapr.run(["wait", "--url", url, "--output", "json"])
        #expect(outcome.output == "{\"url\":\"\(url)\",\"ready\":true}\n")
    }

    @Test func `run tells in a line of JSON each`() throws {
        let outcome = try Fakedapr.run(["run", "-a", "x", "--output", "json", "--", "true"])
        let lines = outcome.output.split(separator: "\n").filter { $0.contains("\"status\"") }
        #expect(!lines.isEmpty)
        for line in lines { _ = try JSONValue.parse(Array(line.utf8)[...]) }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
