internal import CWasmtime
internal import Glibc
internal import Transport

/// libwasmtime, opened when the first guest is to run.
package enum WasmLibrary {
    /// Why there is no library to run guests with.
    package struct Missing: Error, Equatable {
        /// Where it was looked for, in this order.
        package let tried: [String]
        /// Why the last one could not be opened, nil when none exists.
        package let reason: String?

        package var text: String {
            let places = tried.map { "  \($0)" }.joined(separator: "\n")
            let why = reason.map { ": \($0)" } ?? ""
            return "no libwasmtime to run guests with\(why); looked for\n\(places)\n"
                + "run docker/setup.sh in the checkout, or name the file in FAKEDAPR_WASMTIME"
        }
    }

    private static let loaded = Guarded<Result<String, Missing>?>(nil)

    /// Opens the library once per process.
    ///
    /// - Returns: the file it was read from.
    @discardableResult
    package static func load() throws(Missing) -> String {
        try loaded.withLock { state -> Result<String, Missing> in
            if let state { return state }
            let result = open()
            state = result
            return result
        }.get()
    }

    private static func open() -> Result<String, Missing> {
        let candidates = candidates()
        var reason: String?
        for path in candidates where isReadable(path) {
            // Safe: called under the lock; the text is the library's own.
            guard let problem = unsafe cwt_load(path) else { return .success(path) }
            reason = unsafe String(cString: problem)
        }
        return .failure(Missing(tried: candidates, reason: reason))
    }

    private static func candidates() -> [String] {
        if let named = environment("FAKEDAPR_WASMTIME"), !named.isEmpty { return [named] }
        let folder = executableFolder
        return ["\(folder)/../lib/fakedapr/libwasmtime.so"]
            + checkouts(above: folder).map { "\($0)/.wasmtime/libwasmtime.so" }
    }

    /// The folders above the executable that are this project's checkout, nearest first.
    private static func checkouts(above folder: String) -> [String] {
        var parts = folder.split(separator: "/")
        var found: [String] = []
        while !parts.isEmpty {
            parts.removeLast()
            let path = "/" + parts.joined(separator: "/")
            if isReadable("\(path)/Package.swift") { found.append(path) }
        }
        return found
    }

    private static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    private static var executableFolder: String {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        // Safe: readlink writes at most as much as the array holds.
        let count = unsafe path.withUnsafeMutableBytes {
            guard let start = unsafe $0.bindMemory(to: CChar.self).baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", start, $0.count)
        }
        guard count > 0 else { return "." }
        let text = String(decoding: path[..<count], as: UTF8.self)
        return text.lastIndex(of: "/").map { String(text[..<$0]) } ?? "."
    }
}
