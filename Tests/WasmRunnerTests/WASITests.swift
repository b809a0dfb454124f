import TestSupport
import Testing
import Transport

@testable import WasmRunner

/// WASI preview 1 as guests find it.
@Suite struct WASITests {
    /// A module with all of WASI that these tests call, and a page of memory.
    private func module(_ data: String, _ main: String, isStart: Bool = false) -> String {
        let entry = isStart ? "(start $main)" : "(export \"_start\" (func $main))"
        return """
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
              (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1)
              \(data)
              (func $out (param $at i32) (param $count i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $count))
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
              (func $main \(main))
              \(entry))
            """
    }

    private func module(_ main: String, isStart: Bool = false) -> String {
        module("", main, isStart: isStart)
    }

    /// Two vectors, `one` and a line end, at 16; `one` is at 64.
    private static let twoVectors = """
        (data (i32.const 64) "one\\0a")
        (data (i32.const 16) "\\40\\00\\00\\00\\03\\00\\00\\00\\43\\00\\00\\00\\01\\00\\00\\00")
        """

    private static func write(to fd: Int, vectors: Int = 2) -> String {
        "(call $fd_write (i32.const \(fd)) (i32.const 16) (i32.const \(vectors)) (i32.const 8))"
    }

    @Test func `fd_write writes every vector and tells how much`() async throws {
        let main =
            "(drop \(Self.write(to: 1))) (drop \(Self.write(to: 2)))"
            + "(i32.store8 (i32.const 100) (i32.add (i32.const 48) (i32.load (i32.const 8))))"
            + "(call $out (i32.const 100) (i32.const 1))"
        let outcome = try await Guests.run(module(Self.twoVectors, main))
        #expect(outcome.text == "one\n4")
        #expect(outcome.errors == "one\n")
    }

    @Test(
        arguments: [
            (write(to: 1, vectors: 0), 0), (write(to: 5), 8), (write(to: 0), 8), (write(to: 99), 8),
            (write(to: 1, vectors: 9000), 21),
            ("(call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 65533))", 21),
            ("(call $fd_write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 8))", 21),
        ] as [(String, Int32)])
    func `fd_write refuses what it cannot do`(call: String, code: Int32) async throws {
        // A vector that points outside the memory.
        let data = Self.twoVectors + "(data (i32.const 200) \"\\ff\\ff\\00\\00\\02\\00\\00\\00\")"
        let outcome = try await Guests.run(module(data, "(call $exit \(call))"))
        #expect(outcome.end == .exited(code))
        #expect(outcome.text == "")
    }

    @Test func `output comes as it is written, in order`() async throws {
        let seen = Collected()
        let main = "(drop \(Self.write(to: 1))) (drop \(Self.write(to: 2)))"
        _ = try await Guests.run(module(Self.twoVectors, main)) {
            $0.onOutput = { stream, bytes in seen.add("\(stream.rawValue):\(bytes.count)") }
        }
        #expect(seen.all == ["1:3", "1:1", "2:3", "2:1"])
    }

    @Test func `kept output is bounded`() async throws {
        let main = "(drop \(Self.write(to: 1))) (drop \(Self.write(to: 1)))"
        let outcome = try await Guests.run(module(Self.twoVectors, main)) { $0.limits.output = 5 }
        #expect(outcome.text == "one\no")
    }

    @Test func `arguments begin with the module's file name`() async throws {
        let main = """
            (drop (call $args_sizes (i32.const 16) (i32.const 20)))
            (drop (call $args (i32.const 64) (i32.const 256)))
            (call $out (i32.const 256) (i32.load (i32.const 20)))
            """
        let outcome = try await Guests.run(module(main)) { $0.arguments = ["-x", "", "ä b"] }
        #expect(outcome.text == "guest.wasm\0-x\0\0ä b\0")
    }

    @Test func `the environment is what was given and nothing else`() async throws {
        let main = """
            (drop (call $env_sizes (i32.const 16) (i32.const 20)))
            (drop (call $env (i32.const 64) (i32.const 256)))
            (call $out (i32.const 256) (i32.load (i32.const 20)))
            """
        #expect(try await Guests.run(module(main)).text == "")
        let outcome = try await Guests.run(module(main)) {
            $0.environment = [("A", "1"), ("B", "x=y")]
        }
        #expect(outcome.text == "A=1\0B=x=y\0")
    }

    @Test func `standard input is what was given`() async throws {
        let main = """
            (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 99))
            (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $out (i32.const 256) (i32.load (i32.const 8)))
            """
        #expect(
            try await Guests.run(module(main)) { $0.input = Array("abc".utf8)[...] }.text == "abc")
        #expect(try await Guests.run(module(main)).text == "")
    }

    @Test(arguments: [false, true])
    func `proc_exit ends the guest, in the start section too`(isStart: Bool) async throws {
        for status: Int32 in [0, 1, 42, 255] {
            let outcome = try await Guests.run(
                module("(call $exit (i32.const \(status))) unreachable", isStart: isStart))
            #expect(outcome.end == .exited(status))
        }
    }

    @Test func `what a guest wrote before it exits in its start section is kept`() async throws {
        let main = "(drop \(Self.write(to: 1))) (call $exit (i32.const 3))"
        let outcome = try await Guests.run(module(Self.twoVectors, main, isStart: true))
        #expect(outcome.end == .exited(3))
        #expect(outcome.text == "one\n")
    }

    // MARK: Folders

    @Test func `there are no folders unless they are asked for`() async throws {
        let main = "(call $exit (call $prestat (i32.const 3) (i32.const 64)))"
        #expect(try await Guests.run(module(main)).end == .exited(8))
    }

    /// Opens `file` in the first folder, to write into (making it) or to read from.
    private static func open(writes: Bool) -> String {
        "(call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 4)"
            + " (i32.const \(writes ? 9 : 0)) (i64.const \(writes ? 64 : 2)) (i64.const 0)"
            + " (i32.const 0) (i32.const 32))"
    }

    @Test func `a folder that was asked for is read and written, every vector`() async throws {
        let folder = try TemporaryFolder()
        let data = Self.twoVectors + "(data (i32.const 128) \"file\")"
        let write =
            "(call $fd_write (i32.load (i32.const 32)) (i32.const 16) (i32.const 2) (i32.const 8))"
        let main = """
            (drop \(Self.write(to: 1)))
            (if \(Self.open(writes: true)) (then (call $exit (i32.const 100))))
            (if \(write) (then (call $exit (i32.const 101))))
            (if (i32.ne (i32.load (i32.const 8)) (i32.const 4)) (then (call $exit (i32.const 102))))
            (if \(write) (then (call $exit (i32.const 103))))
            (drop \(Self.write(to: 1)))
            (call $exit \(Self.write(to: 77)))
            """
        let outcome = try await Guests.run(module(data, main)) {
            $0.folders = [(folder.path, "/data")]
        }
        #expect(outcome.end == .exited(8))
        #expect(outcome.text == "one\none\n")
        #expect(try FileContents.read("\(folder.path)/file") == Array("one\none\n".utf8))
    }

    @Test func `a folder that cannot be opened is told`() async throws {
        let outcome = try await Guests.run(module("")) { $0.folders = [("/nowhere/at/all", "/x")] }
        #expect(outcome.end == .notRunnable("cannot open the folder /nowhere/at/all"))
    }

    // MARK: Randomness and time

    private let sample = """
        (drop (call $random (i32.const 64) (i32.const 32)))
        (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 96)))
        (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 104)))
        (call $out (i32.const 64) (i32.const 48))
        """

    @Test func `one seed gives one run, another seed another`() async throws {
        let module = module(sample)
        let first = try await Guests.run(module) { $0.seed = 7 }
        let again = try await Guests.run(module) { $0.seed = 7 }
        let other = try await Guests.run(module) { $0.seed = 8 }
        #expect(first.output == again.output)
        #expect(first.output.prefix(32) != other.output.prefix(32))
        #expect(first.output.suffix(16) == other.output.suffix(16))
    }

    @Test func `a seeded clock begins in 2026 and moves`() async throws {
        let output = Array(try await Guests.run(module(sample)) { $0.seed = 7 }.output)
        #expect(Self.number(output[32..<40]) == 1_767_225_600_000_000_000)
        #expect(Self.number(output[40..<48]) == 1_767_225_600_000_001_000)
    }

    @Test func `without a seed every run is its own`() async throws {
        let (first, second) = (
            try await Guests.run(module(sample)), try await Guests.run(module(sample))
        )
        #expect(first.output.prefix(32) != second.output.prefix(32))
        #expect(
            Self.number(Array(first.output)[32..<40]) < Self.number(Array(second.output)[32..<40]))
    }

    /// A subscription to the real-time clock, `nanoseconds` from now.
    private func sleeping(_ nanoseconds: String) -> String {
        """
        (i64.store (i32.const 256) (i64.const 5)) (i32.store (i32.const 272) (i32.const 1))
        (i64.store (i32.const 280) (i64.const \(nanoseconds)))
        (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 8)))
        """
    }

    @Test func `a seeded sleep passes at once and moves the clock`() async throws {
        let main =
            sleeping("3600000000000")
            + "(drop (call $clock (i32.const 0) (i64.const 0) (i32.const 96)))"
            + "(call $out (i32.const 96) (i32.const 8)) (call $out (i32.const 512) (i32.const 32))"
        let outcome = try await Guests.run(module(main)) { $0.seed = 7 }
        let output = Array(outcome.output)
        #expect(outcome.end == .exited(0))
        #expect(Self.number(output[..<8]) == 1_767_229_200_000_000_000)
        #expect(Self.number(output[8..<16]) == 5)
        #expect(output[16..<20] == [0, 0, 0, 0])
    }

    @Test func `a sleep ends with the guest's time`() async throws {
        let outcome = try await Guests.run(module(sleeping("3600000000000"))) {
            $0.limits.time = .milliseconds(50)
        }
        #expect(outcome.end == .timedOut(after: .milliseconds(50)))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
