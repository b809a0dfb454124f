import Bytes

@testable import WasmRunner

/// A guest in the text format, made from a script: its data, the host's functions, and words to print
/// what they answer.
///
/// Cells: 512 takes a status, 520 a handle, 528 a length, 8192 and on what is read.
struct GuestText {
    private var data = ""
    private var next = 1024
    var memoryPages = 2
    var isStartSection = false

    /// Puts bytes into the guest's memory.
    ///
    /// - Returns: where they are and how many, as two operands.
    mutating func bytes(_ bytes: [UInt8]) -> String {
        let escaped = bytes.map { "\\" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        data += "(data (i32.const \(next)) \"\(escaped)\")\n"
        defer { next += bytes.count + 1 }
        return "(i32.const \(next)) (i32.const \(bytes.count))"
    }

    mutating func text(_ text: String) -> String { bytes(Array(text.utf8)) }

    /// A call of `req` with everything in order.
    mutating func request(
        _ url: String, method: String = "GET", headers: String = "", body: String = ""
    ) -> String {
        let parts = [url, method, headers, body].map { text($0) }.joined(separator: " ")
        return "(call $req \(parts) (i32.const 512) (i32.const 520))"
    }

    static let handle = "(i32.load (i32.const 520))"
    static let status = "(i32.load16_u (i32.const 512))"
    /// Prints the bytes at 8192, as many as the cell 528 tells.
    static let printRead = "(call $write (i32.const 8192) (i32.load (i32.const 528)))"

    func print(_ number: String) -> String { "(call $print \(number))\n" }

    /// The whole module.
    func module(_ script: String) -> String {
        let entry = isStartSection ? "(start $main)" : "(export \"_start\" (func $main))"
        return """
            (module
              \(Self.imports)
              (memory (export "memory") \(memoryPages))
              \(data)
              \(Self.printing)
              (func $main \(script))
              \(entry))
            """
    }

    static let imports = """
        (import "wasi_experimental_http" "req" (func $req (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_experimental_http" "close" (func $close (param i32) (result i32)))
        (import "wasi_experimental_http" "header_get" (func $header_get (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_experimental_http" "headers_get_all" (func $headers_get_all (param i32 i32 i32 i32) (result i32)))
        (import "wasi_experimental_http" "body_read" (func $body_read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        """

    /// `$write` some bytes, `$print` a number in decimal and a line end.
    private static let printing = """
        (func $write (param $at i32) (param $count i32)
          (i32.store (i32.const 0) (local.get $at))
          (i32.store (i32.const 4) (local.get $count))
          (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
        (func $print (param $number i32) (local $at i32)
          (local.set $at (i32.const 63))
          (i32.store8 (i32.const 63) (i32.const 10))
          (loop $more
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (i32.store8 (local.get $at)
              (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
            (br_if $more
              (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
          (call $write (local.get $at) (i32.sub (i32.const 64) (local.get $at))))
        """
}

extension GuestOutcome {
    var text: String { String(text: output) }
    var errors: String { String(text: errorOutput) }
}
