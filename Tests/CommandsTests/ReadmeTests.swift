import Foundation
import TestSupport
import Testing

/// The README is executed: what it shows is what happens.
@Suite struct ReadmeTests {
    private static func readme() throws -> String {
        try String(contentsOfFile: "\(Fakedapr.checkout)/README.md", encoding: .utf8)
    }

    /// A command of a console block and the lines shown under it.
    private struct Shown {
        let command: String
        var output: [String] = []
    }

    /// The commands of the first console block, or of the first one under a heading.
    private static func session(under heading: String = "") throws -> [Shown] {
        let text = try readme()
        let section = heading.isEmpty ? text.startIndex..<text.endIndex : text.range(of: heading)
        let top = try #require(section).lowerBound
        let start = try #require(text.range(of: "```console\n", range: top..<text.endIndex))
        let end = try #require(text.range(of: "```\n", range: start.upperBound..<text.endIndex))
        var session: [Shown] = []
        for line in text[start.upperBound..<end.lowerBound].split(separator: "\n") {
            if line.hasPrefix("$ ") {
                session.append(Shown(command: String(line.dropFirst(2))))
            } else if !session.isEmpty {
                session[session.count - 1].output.append(String(line))
            }
        }
        return session
    }

    /// Whether `actual` is the line shown: `…` stands for anything, durations and ports for others.
    private static func fits(_ actual: String, _ shown: String) -> Bool {
        var pattern = NSRegularExpression.escapedPattern(for: shown)
        pattern = pattern.replacingOccurrences(of: "…", with: ".*")
        for (number, wildcard) in [("[0-9]+ ms", "[0-9]+ ms"), (":3500", ":[0-9]+")] {
            pattern = pattern.replacingOccurrences(
                of: number, with: wildcard, options: .regularExpression)
        }
        return actual.range(of: "^\(pattern)$", options: .regularExpression) != nil
    }

    private func expect(_ output: String, shows lines: [String]) {
        let actual = output.split(whereSeparator: \.isNewline).map(String.init)
        for line in lines {
            #expect(
                actual.contains { Self.fits($0, line) }, "`\(line)` is not in:\n\(output)")
        }
    }

    private func shell(_ command: String, in folder: String) throws -> String {
        try ShellProcess.run(command, [], folder: folder).output
    }

    @Test func `the working session of the first screen works`() throws {
        let session = try Self.session()
        #expect(session.count >= 5)
        let served = try #require(session.first)
        #expect(served.command == "make serve")
        let serve = try ServeProcess()
        expect(serve.process.output, shows: served.output)
        for shown in session.dropFirst() where shown.command.hasPrefix("curl ") {
            let command = shown.command.replacingOccurrences(
                of: "localhost:3500", with: "127.0.0.1:\(serve.port)")
            #expect(command != shown.command)
            expect(try shell("\(command) -s", in: "/tmp"), shows: shown.output)
        }
        let scenario = try #require(session.last)
        #expect(scenario.command.hasPrefix("fakedapr scenario run "))
        let arguments = scenario.command.split(separator: " ").dropFirst().map(String.init)
        let outcome = try Fakedapr.run(arguments, folder: Fakedapr.checkout)
        #expect(outcome.status == 0, "\(outcome.errors)")
        expect(outcome.output, shows: scenario.output)
    }

    @Test func `the session with the control API works`() throws {
        let session = try Self.session(under: "## Testing with it")
        #expect(session.count >= 10)
        let serve = try ServeProcess()
        let folder = URL(filePath: Fakedapr.path).deletingLastPathComponent().path
        for shown in session {
            let command = shown.command.replacingOccurrences(
                of: "curl localhost:3500", with: "curl -s 127.0.0.1:\(serve.port)"
            ).replacingOccurrences(
                of: "curl -i localhost:3500", with: "curl -si 127.0.0.1:\(serve.port)")
            let outcome = try ShellProcess.run(
                "PATH=\(folder):$PATH; export FAKEDAPR_URL=http://127.0.0.1:\(serve.port); "
                    + "{ \(command); } 2>&1 || [ $? = 4 ]", [], folder: "/tmp")
            #expect(outcome.status == 0, "\(shown.command): \(outcome.output)")
            expect(outcome.output, shows: shown.output)
        }
    }

    @Test func `every folder and file that the README names is there`() throws {
        let text = try Self.readme()
        let named = text.matches(of: /`((?:Sources|Tests|Scenarios|docker)\/[A-Za-z0-9\/._-]+)`/)
        #expect(!named.isEmpty)
        for match in named {
            let path = "\(Fakedapr.checkout)/\(match.1)"
            #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
        }
    }

    @Test func `the files of one request's way are where the README says`() throws {
        let text = try Self.readme()
        let start = try #require(text.range(of: "The way of one"))
        let last = try #require(text.range(of: "\n7. ", range: start.upperBound..<text.endIndex))
        let end = try #require(text.range(of: "\n\n", range: last.upperBound..<text.endIndex))
        let named = text[start.upperBound..<end.upperBound].matches(
            of: /`([A-Za-z]+\/[A-Za-z]+\.swift)`/)
        #expect(named.count >= 8)
        for match in named {
            let path = "\(Fakedapr.checkout)/Sources/\(match.1)"
            #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
        }
    }
}
