internal import CLinux
internal import Glibc

/// A file that says that its owner lives: locked as long as it does, whatever ends it. The kernel
/// lets go of the lock even of a process that was killed.
package final class HeldFile {
    private let path: String
    private var fd: Int32

    /// Writes the file, for this user's eyes alone, and holds it.
    package init(_ bytes: [UInt8], at path: String) throws(SystemError) {
        self.path = path
        fd = try Self.make(bytes, at: path)
    }

    deinit { release() }

    /// Writes it anew; who reads sees the old text or the new one.
    package func replace(with bytes: [UInt8]) throws(SystemError) {
        let new = try Self.make(bytes, at: path)
        close(fd)
        fd = new
    }

    /// Removes it.
    package func release() {
        guard fd >= 0 else { return }
        _ = unsafe unlink(path)
        close(fd)
        fd = -1
    }

    /// Locked before it gets its name, so that nobody finds it without an owner.
    private static func make(_ bytes: [UInt8], at path: String) throws(SystemError) -> Int32 {
        let draft = "\(path).tmp"
        let fd = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard fd >= 0 else { throw SystemError("open") }
        guard clinux_lock(fd) == 0, FileContents.writeAll(bytes, to: fd),
            unsafe rename(draft, path) == 0
        else {
            let error = SystemError("write")
            _ = unsafe unlink(draft)
            close(fd)
            throw error
        }
        return fd
    }

    /// What a file holds whose owner lives; nil for one without, which is removed.
    package static func read(_ path: String) -> [UInt8]? {
        let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        guard clinux_lock(fd) != 0 else {
            // Its owner may have written it anew meanwhile, under the same name.
            if isSame(fd, path) { _ = unsafe unlink(path) }
            return nil
        }
        return try? FileContents.read(path)
    }

    private static func isSame(_ fd: Int32, _ path: String) -> Bool {
        var (open, named) = (stat(), stat())
        // Safe: one stat each, locals.
        return unsafe fstat(fd, &open) == 0 && stat(path, &named) == 0
            && open.st_ino == named.st_ino && open.st_dev == named.st_dev
    }
}
