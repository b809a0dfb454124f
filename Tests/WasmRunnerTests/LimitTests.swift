import Testing

@testable import WasmRunner

/// How guests end that do not end well: each with its reason.
@Suite struct LimitTests {
    static let compilers = EngineSettings.Compiler.allCases

    private func run(
        _ module: String, _ compiler: EngineSettings.Compiler, fuel: UInt64? = nil,
        _ change: (inout GuestRun) -> Void = { _ in }
    ) async throws -> GuestOutcome {
        var settings = EngineSettings()
        settings.compiler = compiler
        settings.countsFuel = fuel != nil
        var run = GuestRun(
            name: "guest.wasm", boundary: .reference(allowedHosts: ["insecure:allow-all"]))
        run.limits.fuel = fuel
        change(&run)
        return try await Guests.run(Array(module.utf8), run, on: try Engine(settings))
    }

    @Test(arguments: compilers, ["_start", "start section"])
    func `an endless loop is ended by its time`(
        compiler: EngineSettings.Compiler, place: String
    ) async throws {
        let entry = place == "_start" ? "(export \"_start\" (func $main))" : "(start $main)"
        let module = "(module (func $main (loop $again (br $again))) \(entry))"
        let outcome = try await run(module, compiler) { $0.limits.time = .milliseconds(40) }
        #expect(outcome.end == .timedOut(after: .milliseconds(40)))
        #expect(outcome.end.text == "stopped: it ran longer than 0.04 seconds")
    }

    @Test func `a guest within its time is left alone, however many ran before`() async throws {
        // Tickers of earlier runs must not shorten the time of later ones.
        let engine = try Guests.engine.get()
        let quick = "(module (func (export \"_start\")))"
        var run = GuestRun(name: "g", boundary: .reference(allowedHosts: nil))
        for _ in 0..<20 { _ = try await Guests.run(Array(quick.utf8), run, on: engine) }
        // Counts to a hundred million: some hundred milliseconds.
        let slow = """
            (module (func (export "_start") (local i32)
              (loop $again
                (br_if $again (i32.lt_u
                  (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100000000))))))
            """
        run.limits.time = .seconds(60)
        #expect(try await Guests.run(Array(slow.utf8), run, on: engine).end == .exited(0))
    }

    @Test func `a call to a server that never answers ends with the guest's time`() async throws {
        let peer = try await RawPeer(nil)
        var guest = GuestText()
        let script = guest.print(guest.request(peer.url))
        let outcome = try await Guests.run(guest.module(script)) {
            $0.limits.time = .milliseconds(60)
        }
        #expect(outcome.end == .timedOut(after: .milliseconds(60)))
        #expect(outcome.text == "")
    }

    @Test(arguments: compilers)
    func `fuel that is used up is the reason`(compiler: EngineSettings.Compiler) async throws {
        let module = "(module (func (export \"_start\") (loop $again (br $again))))"
        let outcome = try await run(module, compiler, fuel: 10_000)
        #expect(outcome.end == .outOfFuel(10_000))
        #expect(outcome.end.text == "stopped: its fuel of 10000 was used up")
    }

    @Test(arguments: compilers)
    func `fuel that suffices is no limit`(compiler: EngineSettings.Compiler) async throws {
        let module = "(module (func (export \"_start\") nop))"
        #expect(try await run(module, compiler, fuel: 10_000).end == .exited(0))
    }

    @Test func `memory that would begin past the limit is the reason`() async throws {
        let outcome = try await Guests.run("(module (memory 20))") { $0.limits.memory = 1 << 20 }
        #expect(outcome.end == .outOfMemory(limit: 1 << 20))
        #expect(outcome.end.text == "stopped: it needed more than 1 MiB of memory")
    }

    /// Grows by a page until it is refused, then gives up as allocators do.
    private static let growing = """
        (module (memory (export "memory") 1)
          (func $main
            (loop $again
              (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
            unreachable)
          (export "_start" (func $main)))
        """

    @Test func `memory that grows past the limit is the reason`() async throws {
        let outcome = try await Guests.run(Self.growing) { $0.limits.memory = 1 << 20 }
        #expect(outcome.end == .outOfMemory(limit: 1 << 20))
    }

    @Test func `a guest with much memory that traps otherwise has trapped`() async throws {
        let module = """
            (module (memory (export "memory") 12) (func (export "_start")
              (drop (i32.div_u (i32.const 1) (i32.const 0)))))
            """
        let outcome = try await Guests.run(module) { $0.limits.memory = 1 << 20 }
        guard case .trapped = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
    }

    @Test func `growth is refused to the guest at the limit and not before`() async throws {
        let module = """
            (module (memory (export "memory") 1)
              (func (export "_start")
                (if (i32.ne (memory.grow (i32.const 15)) (i32.const 1)) (then unreachable))
                (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))
            """
        let outcome = try await Guests.run(module) { $0.limits.memory = 1 << 20 }
        #expect(outcome.end == .exited(0))
    }

    // MARK: Traps

    @Test(arguments: [
        ("unreachable", "wasm `unreachable` instruction executed"),
        ("(drop (i32.load (i32.const 65536)))", "out of bounds memory access"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "integer divide by zero"),
        ("(call $inner)", "call stack exhausted"),
        ("(call_indirect (i32.const 9))", "undefined element: out of bounds table access"),
    ])
    func `a trap tells its reason and the way through the guest's functions`(
        body: String, reason: String
    ) async throws {
        let module = """
            (module (memory (export "memory") 1) (table 1 funcref)
              (func $inner \(body))
              (func $outer (call $inner))
              (export "_start" (func $outer)))
            """
        for place in ["_start", "start section"] {
            let text =
                place == "_start"
                ? module
                : module.replacing("(export \"_start\" (func $outer))", with: "(start $outer)")
            let outcome = try await Guests.run(text)
            guard case .trapped(let found, let backtrace) = outcome.end else {
                Issue.record("\(outcome.end)")
                continue
            }
            #expect(found == reason)
            #expect(backtrace.contains("!inner"))
            if body != "(call $inner)" { #expect(backtrace.contains("!outer")) }
        }
    }

    // MARK: What cannot be run

    @Test func `an export that is asked for is called`() async throws {
        let module = """
            (module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1)
              (func (export "_start") (call $exit (i32.const 1)))
              (func (export "other") (call $exit (i32.const 2))))
            """
        #expect(try await Guests.run(module).end == .exited(1))
        #expect(try await Guests.run(module) { $0.export = "other" }.end == .exited(2))
        let missing = try await Guests.run(module) { $0.export = "third" }
        #expect(missing.end == .notRunnable("the module has no function export `third`"))
        let memory = try await Guests.run(module) { $0.export = "memory" }
        #expect(memory.end == .notRunnable("the module has no function export `memory`"))
    }

    @Test func `an import that nobody gives is named`() async throws {
        let outcome = try await Guests.run("(module (import \"env\" \"abort\" (func)))")
        guard case .notRunnable(let why) = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
        #expect(why.contains("env::abort"))
    }

    @Test(arguments: ["", "\0asm", "nonsense", "(module (func", "\u{7F}ELF"])
    func `what is no module is refused`(text: String) async throws {
        let failure = await #expect(throws: GuestError.self) { try await Guests.run(text) }
        guard case .notAModule = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.text.hasPrefix("the guest is no WASM module that can be run: ") == true)
    }
}
