import TestSupport
import Testing
import Transport

@testable import WasmRunner

/// Compiled modules on disk: used when they are ours and whole, else made again.
@Suite struct ModuleCacheTests {
    static let compilers = EngineSettings.Compiler.allCases
    private let module =
        Array(
            "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
                .utf8)
        + Array("(memory (export \"memory\") 1)".utf8)
        + Array("(func (export \"_start\") (call $exit (i32.const 5))))".utf8)
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { "\(folder.path)/cache/modules" }

    private func engine(
        _ compiler: EngineSettings.Compiler = .winch, fuel: Bool = false
    ) throws -> Engine {
        var settings = EngineSettings()
        settings.compiler = compiler
        settings.countsFuel = fuel
        return try Engine(settings)
    }

    /// Runs the module: whether it came from the cache.
    private func run(_ engine: Engine, module: [UInt8]? = nil) async throws -> Bool {
        var run = GuestRun(name: "g", boundary: .reference(allowedHosts: nil))
        run.limits.fuel = engine.settings.countsFuel ? 1_000_000 : nil
        let outcome = try await Guests.run(
            module ?? self.module, run, on: engine, cache: ModuleCache(folder: path))
        #expect(outcome.end == .exited(5))
        return outcome.timings.isCached
    }

    private func onlyFile() throws -> String {
        let names = try #require(FileContents.names(in: path))
        #expect(names.count == 1)
        return "\(path)/\(names[0])"
    }

    @Test(arguments: compilers)
    func `a module is compiled once`(compiler: EngineSettings.Compiler) async throws {
        #expect(try await !run(engine(compiler)))
        #expect(try await run(engine(compiler)))
        #expect(try onlyFile().hasSuffix(".cwasm"))
    }

    @Test func `settings, compiler and module each have files of their own`() async throws {
        #expect(try await !run(engine(.winch)))
        #expect(try await !run(engine(.cranelift)))
        #expect(try await !run(engine(.cranelift, fuel: true)))
        #expect(try await !run(engine(.winch), module: module + Array(" ".utf8)))
        #expect(FileContents.names(in: path)?.count == 4)
        #expect(try await run(engine(.cranelift)))
    }

    @Test func `another library has files of its own`() throws {
        let copy = try TemporaryFolder()
        let engine = try engine()
        let cache = ModuleCache(folder: path)
        let own = cache.path(of: module, for: engine)
        let other = cache.path(
            of: module, settings: engine.settings, library: try copy.write("libwasmtime.so", "x"))
        #expect(own != other)
    }

    @Test func `a file that was changed anywhere is not run`() async throws {
        _ = try await run(engine())
        let file = try onlyFile()
        let bytes = try FileContents.read(file)
        for place in [0, 30, 60, bytes.count / 2, bytes.count - 1] {
            var changed = bytes
            changed[place] ^= 1
            try FileContents.write(changed, to: file)
            #expect(try await !run(engine()), "byte \(place)")
        }
        #expect(try await run(engine()))
    }

    @Test func `a file that was cut or is no module of ours is not run`() async throws {
        _ = try await run(engine())
        let file = try onlyFile()
        let bytes = try FileContents.read(file)
        for other in [[], Array(bytes.prefix(100)), Array(bytes.dropLast()), module] {
            try FileContents.write(other, to: file)
            #expect(try await !run(engine()))
        }
        #expect(try await run(engine()))
    }

    @Test(arguments: [0o666, 0o620] as [UInt32])
    func `a file that others may write is not run`(mode: UInt32) async throws {
        _ = try await run(engine())
        #expect(try FileMode.set(mode, of: onlyFile()))
        #expect(try await !run(engine()))
    }

    @Test func `a link is not followed`() async throws {
        _ = try await run(engine())
        let file = try onlyFile()
        let target = "\(folder.path)/elsewhere"
        try FileContents.write(try FileContents.read(file), to: target)
        #expect(FileMode.link(file, to: target))
        #expect(try await !run(engine()))
    }

    @Test func `a folder that cannot be made merely costs time`() async throws {
        let file = try folder.write("cache", "no folder")
        #expect(FileContents.exists(file))
        #expect(try await !run(engine()))
        #expect(try await !run(engine()))
    }
}
