import Glibc

/// What tests do to files that the program never does.
enum FileMode {
    static func set(_ mode: UInt32, of path: String) -> Bool { unsafe chmod(path, mode) == 0 }

    /// Puts a symbolic link in the place of a file.
    static func link(_ path: String, to target: String) -> Bool {
        unsafe unlink(path) == 0 && symlink(target, path) == 0
    }
}
