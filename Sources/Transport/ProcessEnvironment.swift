internal import CLinux
internal import Glibc

/// The environment of the process. Nothing of this program changes it, so reading it is safe.
package enum ProcessEnvironment {
    package static subscript(name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// All variables.
    package static var all: [String: String] {
        var variables: [String: String] = [:]
        var index: Int32 = 0
        // Safe: entries are C strings that stay where they are.
        while let entry = unsafe clinux_environment_entry(index) {
            let text = unsafe String(cString: entry)
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            index += 1
        }
        return variables
    }

    /// The id of this process.
    package static var processID: Int32 { getpid() }

    /// Whether a process of this id runs, anybody's.
    package static func isRunning(_ id: Int32) -> Bool {
        id > 0 && (kill(id, 0) == 0 || errno != ESRCH)
    }

    /// The name of this machine.
    package static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        // Safe: gethostname writes at most as much as the array holds.
        _ = unsafe gethostname(&name, name.count - 1)
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
