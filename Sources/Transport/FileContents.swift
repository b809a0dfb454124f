internal import Glibc

/// Whole files, for start-up and scenarios; a loop that serves never reads one.
package enum FileContents {
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw SystemError("open") }
        defer { close(fd) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            // Safe: read writes at most as much as the array holds.
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(fd, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw SystemError("read") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// The names in a folder, nil when there is no such folder.
    package static func names(in path: String) -> [String]? {
        guard let folder = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        // Safe: the entry is valid until the next readdir of this folder.
        while let entry = unsafe readdir(folder) {
            let bytes = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0) }
            let name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a folder and those above it.
    package static func makeFolder(_ path: String) throws(SystemError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            guard unsafe mkdir(made, 0o755) != 0, errno != EEXIST, errno != EROFS else { continue }
            throw SystemError("mkdir")
        }
    }

    /// A new folder that only this user may use, below `TMPDIR` or `/tmp`.
    package static func makeTemporaryFolder() throws(SystemError) -> String {
        let parent = ProcessEnvironment["TMPDIR"] ?? "/tmp"
        var template = Array("\(parent)/fakedapr-XXXXXX".utf8CString)
        // Safe: mkdtemp writes within the template's own characters.
        guard unsafe mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        let bytes = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Removes a folder of plain files and folders of such.
    package static func removeFolder(_ path: String) {
        for name in names(in: path) ?? [] {
            let entry = "\(path)/\(name)"
            if unsafe unlink(entry) != 0 { removeFolder(entry) }
        }
        _ = unsafe rmdir(path)
    }

    /// Opens a file for writing at its end; made when it is missing. The caller owns the descriptor.
    package static func openForAppending(_ path: String) throws(SystemError) -> Int32 {
        let fd = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError("open") }
        return fd
    }

    /// Removes a plain file, when there is one.
    package static func remove(_ path: String) { remove(path, of: S_IFREG) }

    /// Removes a Unix socket, when there is one.
    package static func removeSocket(_ path: String) { remove(path, of: S_IFSOCK) }

    private static func remove(_ path: String, of kind: mode_t) {
        var info = stat()
        // Safe: one stat, a local.
        guard unsafe lstat(path, &info) == 0, info.st_mode & S_IFMT == kind else { return }
        _ = unsafe unlink(path)
    }

    /// Whether something of this name is there.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The folder that this process works in.
    package static var currentFolder: String {
        guard let name = unsafe getcwd(nil, 0) else { return "." }
        // Safe: getcwd allocates the name when it is given no room.
        defer { unsafe free(name) }
        return unsafe String(cString: name)
    }

    /// Whether a folder of this name is there.
    package static func isFolder(_ path: String) -> Bool {
        var info = stat()
        // Safe: one stat, a local.
        return unsafe stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Writes a file anew, whole or not at all.
    package static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let draft = "\(path).\(getpid()).tmp"
        let fd = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError("open") }
        let written = writeAll(bytes, to: fd)
        close(fd)
        guard written, unsafe rename(draft, path) == 0 else {
            let error = SystemError("write")
            _ = unsafe unlink(draft)
            throw error
        }
    }

    /// Writes all bytes to a descriptor.
    @discardableResult
    package static func writeAll(_ bytes: [UInt8], to fd: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Safe: write reads within the slice's own bounds.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(fd, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
