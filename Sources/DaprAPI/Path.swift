internal import Bytes

/// The path of a request as Dapr routes it.
enum Path {
    /// Go's `path.Clean` of an escaped path: `//`, `.`, `..` and a trailing `/` are gone; always
    /// begins with `/`.
    static func clean(_ path: ByteSlice) -> ByteSlice {
        guard needsCleaning(path) else { return path }
        var kept: [ByteSlice] = []
        for segment in path.split(separator: slash) where !segment.equals(".") {
            if segment.equals("..") { _ = kept.popLast() } else { kept.append(segment) }
        }
        var cleaned: [UInt8] = []
        for segment in kept {
            cleaned.append(slash)
            cleaned.append(contentsOf: segment)
        }
        return cleaned.isEmpty ? [slash] : cleaned[...]
    }

    private static func needsCleaning(_ path: ByteSlice) -> Bool {
        guard path.first == slash else { return true }
        guard path.count > 1 else { return false }
        var previous: UInt8 = 0
        for byte in path {
            // Any segment that begins with a dot is looked at closely: `.`, `..` or a plain name.
            if previous == slash, byte == slash || byte == UInt8(ascii: ".") { return true }
            previous = byte
        }
        return previous == slash
    }

    private static let slash = UInt8(ascii: "/")
}
