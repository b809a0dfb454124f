internal import CWasmtime
internal import Glibc

/// A module compiled by an engine: shared by runs and threads. Owner of the C handle.
@safe package final class CompiledModule: @unchecked Sendable {
    let handle: OpaquePointer
    let engine: Engine

    private init(_ handle: OpaquePointer, _ engine: Engine) {
        unsafe self.handle = handle
        self.engine = engine
    }

    deinit { unsafe cwt_module_delete(handle) }

    /// Compiles the bytes of a module.
    package convenience init(compiling bytes: [UInt8], on engine: Engine) throws(GuestError) {
        var problem: UnsafeMutablePointer<CChar>?
        let made = unsafe cwt_module_compile(engine.handle, bytes, bytes.count, &problem)
        guard let made = unsafe made else { throw unsafe .notAModule(CText.take(problem)) }
        unsafe self.init(made, engine)
    }

    /// Loads what `serialized` gave, nil when the library refuses it. Only bytes that this program
    /// wrote may come here: the library runs them unchecked.
    convenience init?(trusting bytes: [UInt8], on engine: Engine) {
        var problem: UnsafeMutablePointer<CChar>?
        let made = unsafe cwt_module_load(engine.handle, bytes, bytes.count, &problem)
        _ = unsafe CText.take(problem)
        guard let made = unsafe made else { return nil }
        unsafe self.init(made, engine)
    }

    /// The machine code, nil when the library cannot give it.
    var serialized: [UInt8]? {
        var count = 0
        guard let bytes = unsafe cwt_module_serialize(handle, &count) else { return nil }
        defer { unsafe free(bytes) }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// The module that a text in the text format describes.
    package static func bytes(ofWAT text: String) throws(GuestError) -> [UInt8] {
        var count = 0
        var problem: UnsafeMutablePointer<CChar>?
        guard let bytes = unsafe cwt_wat(text, text.utf8.count, &count, &problem) else {
            throw unsafe .notAModule(CText.take(problem))
        }
        defer { unsafe free(bytes) }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}
