import TestSupport

/// A folder with scenarios and guests, and `fakedapr scenario run` in it.
struct ScenarioFolder {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("exit.wat", Self.guest("(call $exit (i32.const 3))"))
        try folder.write("trap.wat", Self.guest("unreachable"))
        try folder.write("endless.wat", Self.guest("(loop $again (br $again))"))
        try folder.write("echo.wat", Self.echo)
        try folder.write("quiet.wat", Self.guest("nop"))
    }

    static func guest(_ main: String) -> String {
        """
        (module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start") \(main))
          (func (export "other") (call $exit (i32.const 9))))
        """
    }

    /// Prints its arguments, its environment and its standard input, each ended by a NUL.
    private static let echo = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func $out (param $at i32) (param $count i32)
            (i32.store (i32.const 0) (local.get $at))
            (i32.store (i32.const 4) (local.get $count))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
          (func (export "_start")
            (drop (call $args_sizes (i32.const 16) (i32.const 20)))
            (drop (call $args (i32.const 64) (i32.const 256)))
            (call $out (i32.const 256) (i32.load (i32.const 20)))
            (drop (call $env_sizes (i32.const 16) (i32.const 20)))
            (drop (call $env (i32.const 64) (i32.const 256)))
            (call $out (i32.const 256) (i32.load (i32.const 20)))
            (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 999))
            (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $out (i32.const 256) (i32.load (i32.const 8)))))
        """

    /// Runs a scenario of this text.
    func run(
        _ text: String, _ options: [String] = [], environment: [String: String] = [:]
    ) throws -> Fakedapr.Outcome {
        try folder.write("s.yaml", text)
        return try run(["s.yaml"] + options, environment: environment)
    }

    /// Runs a scenario of these steps.
    func run(steps: String, _ options: [String] = []) throws -> Fakedapr.Outcome {
        try run("version: 1\nname: it\nsteps:\n\(steps)\n", options)
    }

    func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Fakedapr.Outcome {
        try Fakedapr.run(
            ["scenario", "run"] + arguments, environment: environment, folder: folder.path)
    }
}

extension Fakedapr.Outcome {
    /// The output with every duration as `N ms`.
    var report: String { output.replacing(/\(\d+ ms/, with: "(N ms") }
}
