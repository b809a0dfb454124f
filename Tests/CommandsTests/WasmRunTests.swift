import TestSupport
import Testing

/// `fakedapr wasm run`, as a child.
@Suite struct WasmRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A module of text: it may exit and write.
    private static func module(_ main: String, data: String = "") -> String {
        """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          \(data)
          (func $out (param $fd i32) (param $at i32) (param $count i32)
            (i32.store (i32.const 0) (local.get $at))
            (i32.store (i32.const 4) (local.get $count))
            (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
          (func (export "_start") \(main))
          (func (export "other") (call $exit (i32.const 9))))
        """
    }

    private func run(
        _ main: String, data: String = "", options: [String] = [], arguments: [String] = [],
        environment: [String: String] = [:], input: String? = nil
    ) throws -> Fakedapr.Outcome {
        let file = try folder.write("guest.wat", Self.module(main, data: data))
        return try Fakedapr.run(
            ["wasm", "run"] + options + [file] + arguments, environment: environment, input: input)
    }

    @Test(arguments: [0, 1, 2, 64, 124, 125, 126, 200, 255] as [Int32])
    func `the guest's status is handed on`(status: Int32) throws {
        let outcome = try run("(call $exit (i32.const \(status)))")
        #expect(outcome.status == status)
        #expect(outcome.output == "")
        #expect(outcome.errors == "")
    }

    @Test func `output and errors go where they belong`() throws {
        let outcome = try run(
            "(call $out (i32.const 1) (i32.const 64) (i32.const 2))"
                + "(call $out (i32.const 2) (i32.const 66) (i32.const 3))",
            data: "(data (i32.const 64) \"out\\0ae\")")
        #expect(outcome.status == 0)
        #expect(outcome.output == "ou")
        #expect(outcome.errors == "t\ne")
    }

    @Test func `all that became of it may be one value of JSON`() throws {
        let outcome = try run(
            "(call $out (i32.const 1) (i32.const 64) (i32.const 2)) (call $exit (i32.const 7))",
            data: "(data (i32.const 64) \"out\\0ae\")", options: ["--output", "json"])
        #expect(outcome.status == 7)
        #expect(
            outcome.output
                == #"{"end":"exited with 7","exit":7,"stdout":"ou","stderr":"","calls":[]}"#
                + "\n")
    }

    private static let printArguments = """
        (drop (call $args_sizes (i32.const 16) (i32.const 20)))
        (drop (call $args (i32.const 64) (i32.const 256)))
        (call $out (i32.const 1) (i32.const 256) (i32.load (i32.const 20)))
        """

    @Test(arguments: [
        ([], "guest.wat\0"), (["a", "b c"], "guest.wat\0a\0b c\0"),
        (["-c", "--timings", "-h"], "guest.wat\0-c\0--timings\0-h\0"),
        (["--", "-x"], "guest.wat\0--\0-x\0"), ([""], "guest.wat\0\0"),
    ])
    func `what follows the module is the guest's`(arguments: [String], output: String) throws {
        let outcome = try run(Self.printArguments, arguments: arguments)
        #expect(outcome.output == output)
        #expect(outcome.errors == "")
    }

    @Test func `options end at two dashes`() throws {
        let file = try folder.write("-guest.wat", Self.module(Self.printArguments))
        let outcome = try Fakedapr.run(["wasm", "run", "--", file, "-x"])
        #expect(outcome.output == "-guest.wat\0-x\0")
    }

    @Test func `the guest gets the environment it is given, not ours`() throws {
        let main = """
            (drop (call $env_sizes (i32.const 16) (i32.const 20)))
            (drop (call $env (i32.const 64) (i32.const 256)))
            (call $out (i32.const 1) (i32.const 256) (i32.load (i32.const 20)))
            """
        let outcome = try run(
            main, options: ["-e", "A=1", "--env", "B=x=y", "-e", "C="], environment: ["SECRET": "s"]
        )
        #expect(outcome.output == "A=1\0B=x=y\0C=\0")
    }

    private static let echo = """
        (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 99))
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $out (i32.const 1) (i32.const 256) (i32.load (i32.const 8)))
        """

    @Test func `standard input is handed on`() throws {
        #expect(try run(Self.echo, input: "typed").output == "typed")
        #expect(try run(Self.echo).output == "")
    }

    @Test func `a folder is the guest's on request, under the name asked for`() throws {
        // fd_prestat_get and fd_prestat_dir_name of the first folder.
        let file = try folder.write(
            "guest.wat",
            """
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (func (export "_start")
                (if (call $prestat (i32.const 3) (i32.const 16)) (then (return)))
                (drop (call $name (i32.const 3) (i32.const 64) (i32.load (i32.const 20))))
                (i32.store (i32.const 0) (i32.const 64))
                (i32.store (i32.const 4) (i32.load (i32.const 20)))
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
            """)
        func output(_ options: [String]) throws -> String {
            try Fakedapr.run(["wasm", "run"] + options + [file]).output
        }
        #expect(try output([]) == "")
        #expect(try output(["--dir", folder.path]) == folder.path)
        #expect(try output(["--dir", "\(folder.path):/data"]) == "/data")
    }

    @Test func `another export is called on request`() throws {
        #expect(try run("nop", options: ["-i", "other"]).status == 9)
        let outcome = try run("nop", options: ["--invoke", "absent"])
        #expect(outcome.status == 125)
        #expect(
            outcome.errors.hasSuffix(
                "cannot be run: the module has no function export `absent`\n"))
    }

    // MARK: How it fails

    @Test func `a trap ends with 134, its reason and its backtrace`() throws {
        let outcome = try run("unreachable")
        #expect(outcome.status == 134)
        #expect(
            outcome.errors.contains(
                "guest.wat trapped: wasm `unreachable` instruction executed\n"))
        #expect(outcome.errors.contains("wasm function 8"))
    }

    @Test func `a limit ends the guest with its name`() throws {
        let endless = "(loop $again (br $again))"
        let late = try run(endless, options: ["--timeout", "100ms"])
        #expect(late.status == 124)
        #expect(late.errors.hasSuffix("guest.wat was stopped: it ran longer than 0.1 seconds\n"))
        let dry = try run(endless, options: ["--fuel", "1000"])
        #expect(dry.status == 125)
        #expect(dry.errors.hasSuffix("guest.wat stopped: its fuel of 1000 was used up\n"))
        let growing =
            "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"
        let full = try run(growing, options: ["--memory", "1"])
        #expect(full.status == 125)
        #expect(full.errors.hasSuffix("stopped: it needed more than 1 MiB of memory\n"))
    }

    @Test func `a guest that waits for input ends at its time`() throws {
        // The shell holds the pipe open for writing: nothing ever comes.
        let file = try folder.write("guest.wat", Self.module(Self.echo))
        let outcome = try ShellProcess.run(
            "mkfifo p; exec 4<>p; \"$0\" wasm run --no-cache --timeout 100ms \"$1\" <&4",
            [Fakedapr.path, file], folder: folder.path)
        #expect(outcome.status == 124)
        #expect(outcome.errors.contains("was stopped: it ran longer than 0.1 seconds"))
    }

    @Test func `a module that is not there is 127`() throws {
        let outcome = try Fakedapr.run(["wasm", "run", "nowhere.wasm"])
        #expect(outcome.status == 127)
        #expect(
            outcome.errors
                == "fakedapr: cannot read the guest nowhere.wasm: no such file or directory\n")
    }

    @Test func `a file that is no module is 126`() throws {
        let file = try folder.write("a.wasm", "nonsense")
        let outcome = try Fakedapr.run(["wasm", "run", file])
        #expect(outcome.status == 126)
        #expect(
            outcome.errors.hasPrefix("fakedapr: the guest is no WASM module that can be run: "))
        #expect(try Fakedapr.run(["wasm", "run", folder.path]).status == 126)
    }

    @Test func `a mistake in the text is shown at its place`() throws {
        let file = try folder.write("a.wat", "(module\n  (fun))\n")
        let outcome = try Fakedapr.run(["wasm", "run", file])
        #expect(outcome.status == 126)
        #expect(outcome.errors.contains("<anon>:2:4"))
    }

    @Test(arguments: [
        (["--timeout", "soon"], "invalid --timeout `soon`: write 500ms or 30s"),
        (["-e", "NAME"], "invalid --env `NAME`: write NAME=value"),
        (["-e", "=x"], "invalid --env `=x`: write NAME=value"),
        (["--memory", "0"], "invalid --memory `0`: write 1 to 65536 mebibytes"),
        (["--concurrency=-1"], "invalid --concurrency: write 0 or more"),
        (["--fuel", "0"], "invalid --fuel: write 1 or more"),
        (["--dir", ""], "invalid --dir ``: write FOLDER or FOLDER:AS"),
        (["--dir", ":x"], "invalid --dir `:x`: write FOLDER or FOLDER:AS"),
        (["--compiler", "gcc"], "gcc"), (["--nonsense"], "nonsense"), ([], "module"),
    ])
    func `a wrong flag is 1 and says what is right`(options: [String], text: String) throws {
        let file = options.isEmpty ? [] : ["guest.wasm"]
        let outcome = try Fakedapr.run(["wasm", "run"] + options + file)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(text))
    }

    @Test func `without libwasmtime the command says where it looked, and serve goes on`() throws {
        let environment = ["FAKEDAPR_WASMTIME": "/nowhere/libwasmtime.so"]
        let outcome = try run("nop", environment: environment)
        #expect(outcome.status == 125)
        #expect(
            outcome.errors == """
                fakedapr: no libwasmtime to run guests with; looked for
                  /nowhere/libwasmtime.so
                run docker/setup.sh in the checkout, or name the file in FAKEDAPR_WASMTIME

                """)
        let serve = try ServeProcess(["--store", "memory"], environment: environment)
        #expect(try serve.client().request("GET", "/v1.0/healthz").status == 204)
    }

    @Test func `a file that is no library is told`() throws {
        let file = try folder.write("libwasmtime.so", "no library")
        let outcome = try run("nop", environment: ["FAKEDAPR_WASMTIME": file])
        #expect(outcome.status == 125)
        #expect(outcome.errors.hasPrefix("fakedapr: no libwasmtime to run guests with: "))
    }

    // MARK: Compilers, cache, timings

    @Test(arguments: ["winch", "cranelift"])
    func `timings tell compiling, instantiating and running, and the cache`(
        compiler: String
    ) throws {
        let cache = "\(folder.path)/cache"
        let options = ["--timings", "--compiler", compiler, "--cache-dir", cache]
        let first = try run("nop", options: options)
        #expect(first.errors.wholeMatch(of: Self.timings) != nil, "\(first.errors)")
        #expect(!first.errors.contains("(cached)"))
        let second = try run("nop", options: options)
        #expect(second.errors.wholeMatch(of: Self.timings) != nil)
        #expect(second.errors.contains("(cached)"))
        let without = try run("nop", options: options + ["--no-cache"])
        #expect(!without.errors.contains("(cached)"))
    }

    private static var timings: Regex<(Substring, Substring?)> {
        /load \d+\.\d{3} ms\ncompile \d+\.\d{3} ms( \(cached\))?\ninstantiate \d+\.\d{3} ms\nrun \d+\.\d{3} ms\n/
    }

    @Test(arguments: [
        "(module (func $f) (func (export \"_start\") (return_call $f)))",
        "(module (tag $t) (func (export \"_start\") (block $b (try_table (catch $t $b) (throw $t)))))",
    ])
    func `what winch does not know goes to cranelift unless winch was asked for`(
        text: String
    ) throws {
        let file = try folder.write("guest.wat", text)
        let cache = ["--cache-dir", "\(folder.path)/cache"]
        for _ in 0..<2 {
            #expect(try Fakedapr.run(["wasm", "run"] + cache + [file]).status == 0)
        }
        #expect(try Fakedapr.run(["wasm", "run", "--compiler", "winch", file]).status == 126)
        let scenario = try folder.write("s.yaml", "version: 1\nsteps: [{ guest: guest.wat }]\n")
        #expect(try Fakedapr.run(["scenario", "run", scenario]).status == 0)
    }

    @Test func `a seed fixes what is random`() throws {
        let file = try folder.write(
            "guest.wat",
            """
            (module
              (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1)
              (func (export "_start")
                (drop (call $random (i32.const 0) (i32.const 1)))
                (call $exit (i32.and (i32.load (i32.const 0)) (i32.const 127)))))
            """)
        let statuses = try (0..<3).map { _ in
            try Fakedapr.run(["wasm", "run", "--seed", "5", file]).status
        }
        #expect(Set(statuses).count == 1)
    }
}
