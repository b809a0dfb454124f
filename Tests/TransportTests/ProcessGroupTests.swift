import Bytes
import Glibc
import TestSupport
import Testing
import Transport

/// Child processes on a loop: what they are given, what they write, how all of them end.
@Suite struct ProcessGroupTests {
    private static func shell(_ script: String) -> ProgramDescription {
        ProgramDescription("/bin/sh", ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    /// Runs a script to its end: its lines, and how it ended.
    private static func run(
        _ script: String, _ change: @Sendable (inout ProgramDescription) -> Void = { _ in }
    ) async throws -> ([String], ProgramExit) {
        var program = shell(script)
        program.output = .lines
        change(&program)
        let description = program
        let loop = try EventLoop()
        defer { loop.stop() }
        return try await loop.run { (loop) async throws -> sending ([String], ProgramExit) in
            let group = try ProcessGroup(description, on: loop.reactor)
            let lines = await lines(of: group)
            let exit = await group.waitForExit()
            await group.stop(grace: .seconds(5))
            return (lines, exit)
        }
    }

    private static func lines(of group: ProcessGroup) async -> [String] {
        var lines: [String] = []
        while let line = await group.output?.next() { lines.append(String(text: line)) }
        return lines
    }

    @Test(arguments: [
        ("exit 0", ProgramExit.status(0)), ("exit 7", .status(7)), ("exit 200", .status(200)),
        ("kill -9 $$", .signal(9)), ("kill -15 $$", .signal(15)),
    ])
    func `how it ended is told`(script: String, exit: ProgramExit) async throws {
        #expect(try await Self.run(script).1 == exit)
    }

    @Test func `what it writes comes line by line, the last one without an end too`() async throws {
        let (lines, _) = try await Self.run("printf 'a\\n\\nb\\r\\nc'")
        #expect(lines == ["a", "", "b", "c"])
    }

    @Test func `a line beyond the bound comes in pieces`() async throws {
        let length = TransportLimits.line * 2 + 10
        let (lines, _) = try await Self.run("head -c \(length) /dev/zero | tr '\\0' x; echo")
        #expect(lines.count >= 2)
        #expect(lines.joined().utf8.count == length)
    }

    @Test func `it has its own environment and folder, and nothing to read`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (lines, _) = try await Self.run("echo $NAME; pwd; cat; echo $HOME") {
            $0.environment?["NAME"] = "a b"
            $0.folder = path
        }
        #expect(lines == ["a b", path, ""])
    }

    @Test func `it may open its standard output anew`() async throws {
        #expect(try await Self.run("echo x > /dev/stdout").0 == ["x"])
    }

    @Test func `a reader that goes ends a writer, as in a shell`() async throws {
        #expect(try await Self.run("yes | head -n 1").0 == ["y"])
    }

    @Test(arguments: [
        ("/nowhere/program", nil as String?, ENOENT), ("/bin/sh", "/nowhere", ENOENT),
        ("/etc/passwd", nil, EACCES),
    ])
    func `what cannot be started is told`(path: String, folder: String?, code: Int32) async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let description = ProgramDescription(path, [path], folder: folder)
        let error = await loop.run { (loop) -> SystemError? in
            do throws(SystemError) {
                _ = try ProcessGroup(description, on: loop.reactor)
                return nil
            } catch { return error }
        }
        #expect(error?.code == code)
    }

    @Test func `a stop ends grandchildren too, at once when they obey`() async throws {
        try await expectStop("sleep 600 & sleep 600 & echo $! ; wait", grace: .seconds(30))
    }

    @Test func `a stop kills who does not obey, grandchildren included`() async throws {
        try await expectStop(
            "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $! ; "
                + "while :; do sleep 1; done",
            grace: .milliseconds(100))
    }

    @Test func `a stop ends who was left behind by the first process`() async throws {
        try await expectStop("sleep 600 > /dev/null & echo $!", grace: .seconds(30))
    }

    /// Starts a script that tells the id of a child of its own, stops it, and looks for that child.
    private func expectStop(_ script: String, grace: Duration) async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        var program = Self.shell(script)
        program.output = .lines
        let description = program
        let child = try await loop.run { (loop) async throws -> Int32? in
            // On the loop: the pool may be busy with other tests for long.
            let begin = Reactor.monotonicNow()
            let group = try ProcessGroup(description, on: loop.reactor)
            let line = await group.output?.next()
            await group.stop(grace: grace)
            #expect(Reactor.monotonicNow() - begin < Duration.seconds(20).nanoseconds)
            return line.flatMap { Int32(String(text: $0)) }
        }
        let id = try #require(child)
        #expect(!Self.runs(id))
    }

    /// Whether a process runs: one that has ended and was not waited for does not.
    private static func runs(_ id: Int32) -> Bool {
        guard let bytes = try? FileContents.read("/proc/\(id)/stat") else { return false }
        return !String(decoding: bytes, as: UTF8.self).contains(") Z ")
    }

    // MARK: Finding programs

    @Test(
        arguments: [
            ("here", nil), ("./here", nil), ("sub/deep", nil),
            ("missing", .notFound), ("./missing", .notFound), ("plain", .notExecutable),
            ("./plain", .notExecutable), ("sub", .notFound),
        ] as [(String, ProgramDescription.LookupError?)])
    func `a command's program is found as a shell finds it`(
        name: String, error: ProgramDescription.LookupError?
    ) throws {
        let folder = try TemporaryFolder()
        try FileContents.makeFolder("\(folder.path)/sub")
        for file in ["here", "sub/deep"] {
            _ = unsafe chmod(try folder.write(file, "#!/bin/sh\n"), 0o755)
        }
        try folder.write("plain", "")
        do throws(ProgramDescription.LookupError) {
            let path = try ProgramDescription.find(name, in: folder.path, search: "/nowhere:.")
            #expect(error == nil)
            #expect(FileContents.exists(path))
        } catch let told { #expect(told == error) }
    }
}
