internal import Transport

/// Paths as texts; nothing is looked up.
enum Paths {
    static var current: String { FileContents.currentFolder }

    /// Absolute, `~` and dots resolved.
    static func absolute(_ path: String, from base: String) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/") { path = UserFolders.home + path.dropFirst() }
        if !path.hasPrefix("/") { path = "\(base)/\(path)" }
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    static func parent(_ path: String) -> String {
        let parts = path.split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/")
    }

    static func last(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? ""
    }
}
