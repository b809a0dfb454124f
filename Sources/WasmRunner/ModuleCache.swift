internal import Bytes
internal import CWasmtime
internal import Glibc

/// Compiled modules on disk: machine code that need not be made again.
///
/// A file is named after the library, the engine's settings and the module's bytes, and is read only
/// when it belongs to this user and nobody else may write it: the library runs what it holds
/// unchecked. Written beside and renamed, so that a reader never sees half of one.
package struct ModuleCache: Sendable {
    private let folder: String

    /// - Parameter folder: made when it is needed.
    package init(folder: String) { self.folder = folder }

    func load(_ module: [UInt8], for engine: Engine) -> CompiledModule? {
        guard let bytes = read(path(of: module, for: engine)),
            let code = Self.code(in: bytes)
        else { return nil }
        return CompiledModule(trusting: code, on: engine)
    }

    func store(_ compiled: CompiledModule, of module: [UInt8], for engine: Engine) {
        guard let code = compiled.serialized, makeFolder() else { return }
        let path = path(of: module, for: engine)
        let draft = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max))"
        guard write(Self.header(of: code) + code, to: draft) else { return }
        if unsafe rename(draft, path) != 0 { unsafe unlink(draft) }
    }

    // MARK: What a file holds

    /// A line that says whose file it is and what follows it, so that the library is never handed
    /// what was cut or changed.
    private static func header(of code: [UInt8]) -> [UInt8] {
        Array("fakedapr compiled module \(digest(code))\n".utf8)
    }

    private static func code(in file: [UInt8]) -> [UInt8]? {
        guard let end = file.firstIndex(of: 0x0A) else { return nil }
        let code = Array(file[(end + 1)...])
        return file.starts(with: header(of: code)) ? code : nil
    }

    func path(of module: [UInt8], for engine: Engine) -> String {
        path(of: module, settings: engine.settings, library: engine.library)
    }

    func path(of module: [UInt8], settings: EngineSettings, library: String) -> String {
        let key =
            "\(libraryIdentity(library))-\(settings.compiler.rawValue)"
            + "-\(settings.countsFuel ? "fuel" : "plain")"
        return "\(folder)/\(Self.digest(Array(key.utf8)))-\(Self.digest(module)).cwasm"
    }

    /// Which library it is: another file, or the same one replaced, makes other code.
    private func libraryIdentity(_ path: String) -> String {
        var info = stat()
        guard unsafe stat(path, &info) == 0 else { return path }
        return "\(path)-\(info.st_size)-\(info.st_mtim.tv_sec)-\(info.st_ino)"
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        var words: (UInt64, UInt64) = (0, 0)
        // Safe: the library of ours reads the array and writes two words.
        unsafe withUnsafeMutableBytes(of: &words) { words in
            unsafe cwt_digest(
                bytes, bytes.count, words.bindMemory(to: UInt64.self).baseAddress)
        }
        return [words.0, words.1].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    // MARK: Files

    private func makeFolder() -> Bool {
        var path = ""
        for part in folder.split(separator: "/") {
            path += (path.isEmpty && !folder.hasPrefix("/") ? "" : "/") + part
            unsafe mkdir(path, 0o700)
        }
        return unsafe access(folder, W_OK) == 0
    }

    private func read(_ path: String) -> [UInt8]? {
        let fd = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var info = stat()
        guard unsafe fstat(fd, &info) == 0, info.st_uid == geteuid(), info.st_mode & 0o022 == 0
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
        var filled = 0
        while filled < bytes.count {
            // Safe: read writes at most what is left of the array.
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(
                    fd, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            guard count > 0 else { return nil }
            filled += count
        }
        return bytes
    }

    private func write(_ bytes: [UInt8], to path: String) -> Bool {
        let fd = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard fd >= 0 else { return false }
        defer { close(fd) }
        var written = 0
        while written < bytes.count {
            // Safe: write reads within the array.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    fd, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            guard count > 0 else {
                unsafe unlink(path)
                return false
            }
            written += count
        }
        return true
    }
}
