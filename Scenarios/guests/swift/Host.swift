// The host functions a guest may call: HTTP by `wasi_experimental_http`, output and exit by WASI.

@_extern(wasm, module: "wasi_experimental_http", name: "req")
@_extern(c)
func hostRequest(
    _ url: UnsafeRawPointer, _ urlCount: Int32, _ method: UnsafeRawPointer, _ methodCount: Int32,
    _ headers: UnsafeRawPointer, _ headersCount: Int32, _ body: UnsafeRawPointer,
    _ bodyCount: Int32, _ status: UnsafeMutableRawPointer, _ handle: UnsafeMutableRawPointer
) -> Int32

@_extern(wasm, module: "wasi_experimental_http", name: "close")
@_extern(c)
func hostClose(_ handle: Int32) -> Int32

@_extern(wasm, module: "wasi_experimental_http", name: "header_get")
@_extern(c)
func hostHeader(
    _ handle: Int32, _ name: UnsafeRawPointer, _ nameCount: Int32,
    _ buffer: UnsafeMutableRawPointer, _ size: Int32, _ written: UnsafeMutableRawPointer
) -> Int32

@_extern(wasm, module: "wasi_experimental_http", name: "body_read")
@_extern(c)
func hostRead(
    _ handle: Int32, _ buffer: UnsafeMutableRawPointer, _ size: Int32,
    _ read: UnsafeMutableRawPointer
) -> Int32

@_extern(wasm, module: "wasi_snapshot_preview1", name: "fd_write")
@_extern(c)
func wasiWrite(
    _ fd: Int32, _ vectors: UnsafeRawPointer, _ count: Int32, _ written: UnsafeMutableRawPointer
) -> Int32

@_extern(wasm, module: "wasi_snapshot_preview1", name: "proc_exit")
@_extern(c)
func wasiExit(_ status: Int32)

/// Text as bytes: Embedded Swift's `String` would bring Unicode's tables along when compared.
typealias Text = [UInt8]

extension Array where Element == UInt8 {
    init(_ text: StaticString) {
        self = text.withUTF8Buffer { Array($0) }
    }
}

/// Writes a line to standard output.
func print(_ parts: Text...) {
    var line: Text = []
    for part in parts { line += part }
    line.append(10)
    line.withUnsafeBytes { bytes in
        var vector = (bytes.baseAddress, Int32(bytes.count))
        var written: Int32 = 0
        _ = wasiWrite(1, &vector, 1, &written)
    }
}
