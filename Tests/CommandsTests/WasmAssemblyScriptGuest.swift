/// A module that does what the Dapr sample of the reference's AssemblyScript package does when it is
/// compiled: all work in the start section, no `_start`, three functions of
/// `wasi_experimental_http` imported, a line as one fd_write of two vectors whose count is ignored,
/// one static cell each for status and handle, errors as two lines and an exit by as-wasi's abort.
enum AssemblyScriptGuest {
    static let planets = #"{"name":"Tatooine","test":123}"#

    /// What it prints when all goes well.
    static func output(_ base: String = "http://127.0.0.1:3500") -> String {
        let state = "\(base)/v1.0/state/statestore"
        return """
            Testing Dapr API ....
            POST \(state) with [{"key":"weapon","value":"Death Star"}]
            POST \(state) with [{"key":"planets","value":\(planets)}]
            GET \(state)/planets
            GET \(state)/weapon
            Test successfully!

            """
    }

    /// - Parameter method: of the first two requests.
    static func text(base: String = "http://127.0.0.1:3500", method: String = "POST") -> String {
        let state = "\(base)/v1.0/state/statestore"
        var data = Data()
        let script = [
            log("Testing Dapr API ....", &data),
            send(method, state, #"[{"key":"weapon","value":"Death Star"}]"#, &data),
            send(method, state, #"[{"key":"planets","value":\#(planets)}]"#, &data),
            get("\(state)/planets", planets, &data),
            get("\(state)/weapon", "\"Death Star\"", &data),
            "(if (local.get $failed) (then \(log("Test failed!", &data)))"
                + " (else \(log("Test successfully!", &data))))",
        ].joined(separator: "\n")
        return """
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
              (import "wasi_experimental_http" "req" (func $req (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
              (import "wasi_experimental_http" "close" (func $close (param i32) (result i32)))
              (import "wasi_experimental_http" "body_read" (func $body_read (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              \(data.segments)
              (data (i32.const 60) "\\0a")
              \(functions(&data))
              (func $start (local $failed i32)
                \(script))
              (start $start))
            """
    }

    /// Strings at fixed places, as the compiler puts them.
    private struct Data {
        var segments = ""
        private var next = 1024

        /// The operands for a string: where it is and its length.
        mutating func put(_ text: String) -> String {
            let escaped = text.utf8.map { "\\" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            segments += "(data (i32.const \(next)) \"\(escaped.joined())\")\n"
            defer { next += text.utf8.count + 8 }
            return "(i32.const \(next)) (i32.const \(text.utf8.count))"
        }
    }

    private static func log(_ line: String, _ data: inout Data) -> String {
        "(call $log (i32.const 1) \(data.put(line)))"
    }

    private static func send(
        _ method: String, _ url: String, _ body: String, _ data: inout Data
    ) -> String {
        log("POST \(url) with \(body)", &data) + "\n(call $send \(data.put(url))"
            + " \(data.put(method)) \(data.put("Content-Type:application/json\n"))"
            + " \(data.put(body)))\n(drop (call $close (i32.load (i32.const 24))))"
    }

    private static func get(_ url: String, _ expected: String, _ data: inout Data) -> String {
        log("GET \(url)", &data)
            + "\n(call $send \(data.put(url)) \(data.put("GET")) \(data.put("")) \(data.put("")))"
            + "\n(if (i32.eqz (call $is \(data.put(expected)))) (then (local.set $failed (i32.const 1))))"
            + "\n(drop (call $close (i32.load (i32.const 24))))"
    }

    private static func functions(_ data: inout Data) -> String {
        """
        (func $log (param $fd i32) (param $at i32) (param $count i32)
          (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $count))
          (i32.store (i32.const 8) (i32.const 60)) (i32.store (i32.const 12) (i32.const 1))
          (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 2) (i32.const 32))))
        (func $send (param i32 i32 i32 i32 i32 i32 i32 i32) (local $code i32)
          (local.set $code (call $req (local.get 0) (local.get 1) (local.get 2) (local.get 3)
            (local.get 4) (local.get 5) (local.get 6) (local.get 7) (i32.const 16) (i32.const 24)))
          (if (local.get $code) (then
            (i32.store8 (i32.const 952) (i32.add (i32.const 48) (local.get $code)))
            (call $log (i32.const 1) (i32.const 940) (i32.const 13))
            (call $log (i32.const 1) (i32.const 960) (i32.const 22))
            (call $log (i32.const 2) (i32.const 990) (i32.const 13))
            (call $proc_exit (i32.const 1)))))
        (data (i32.const 940) "ERROR CODE: ?")
        (data (i32.const 960) "ERROR MESSAGE: no such")
        (data (i32.const 990) ":0:0: error: ")
        ;; Reads the body as bodyReadAll does, and compares it.
        (func $is (param $at i32) (param $count i32) (result i32) (local $read i32) (local $i i32)
          (block $end (loop $more
            (br_if $end (call $body_read (i32.load (i32.const 24))
              (i32.add (i32.const 8192) (local.get $read)) (i32.const 4096) (i32.const 28)))
            (br_if $end (i32.eqz (i32.load (i32.const 28))))
            (local.set $read (i32.add (local.get $read) (i32.load (i32.const 28))))
            (br $more)))
          (if (i32.ne (local.get $read) (local.get $count)) (then (return (i32.const 0))))
          (loop $next
            (if (i32.ne
                (i32.load8_u (i32.add (i32.const 8192) (local.get $i)))
                (i32.load8_u (i32.add (local.get $at) (local.get $i))))
              (then (return (i32.const 0))))
            (br_if $next (i32.lt_u
              (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
          (i32.const 1))
        """
    }
}
