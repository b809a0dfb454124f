package import Bytes

/// The header fields of a message, as they came: names and values are slices of its head.
///
/// Order and duplicates are kept; names compare without case.
package struct Fields: Sendable {
    /// One field line. Offsets are indices of `head`.
    struct Line: Sendable {
        let name: Range<UInt32>
        let value: Range<UInt32>

        /// The same line of a head whose bytes begin at `origin`.
        func moved(by origin: UInt32) -> Line {
            Line(
                name: name.lowerBound + origin..<name.upperBound + origin,
                value: value.lowerBound + origin..<value.upperBound + origin)
        }
    }

    private let head: ByteSlice
    private let lines: [Line]

    init(head: ByteSlice, lines: [Line]) {
        self.head = head
        self.lines = lines
    }

    package var count: Int { lines.count }

    /// Name and value of the field at `index`.
    package subscript(index: Int) -> (name: ByteSlice, value: ByteSlice) {
        (slice(lines[index].name), slice(lines[index].value))
    }

    /// The field at `index` in one piece: from its name to the end of its value, with the indices at
    /// which its name ends and its value begins.
    package func line(at index: Int) -> (bytes: ByteSlice, nameEnd: Int, valueStart: Int) {
        let line = lines[index]
        return (
            slice(line.name.lowerBound..<line.value.upperBound), Int(line.name.upperBound),
            Int(line.value.lowerBound)
        )
    }

    /// The first value of `name`, which is given in lower case.
    package subscript(name: StaticString) -> ByteSlice? {
        for line in lines where line.name.count == name.utf8CodeUnitCount {
            if slice(line.name).equalsIgnoringCase(name) { return slice(line.value) }
        }
        return nil
    }

    /// How many lines of `name`, given in lower case, there are.
    func count(of name: StaticString) -> Int {
        var count = 0
        for line in lines where line.name.count == name.utf8CodeUnitCount {
            if slice(line.name).equalsIgnoringCase(name) { count += 1 }
        }
        return count
    }

    /// All values of `name`, which is given in lower case.
    package func all(_ name: StaticString) -> [ByteSlice] {
        var values: [ByteSlice] = []
        for line in lines where line.name.count == name.utf8CodeUnitCount {
            if slice(line.name).equalsIgnoringCase(name) { values.append(slice(line.value)) }
        }
        return values
    }

    /// Whether a comma-separated value of `name` holds `token`, both in lower case.
    package func contains(_ token: StaticString, in name: StaticString) -> Bool {
        for line in lines where line.name.count == name.utf8CodeUnitCount {
            guard slice(line.name).equalsIgnoringCase(name) else { continue }
            var rest = slice(line.value)
            while let comma = rest.index(of: UInt8(ascii: ",")) {
                if Fields.trimmed(rest[..<comma]).equalsIgnoringCase(token) { return true }
                rest = rest[(comma + 1)...]
            }
            if Fields.trimmed(rest).equalsIgnoringCase(token) { return true }
        }
        return false
    }

    private func slice(_ range: Range<UInt32>) -> ByteSlice {
        head[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    /// Without the blanks and tabs at both ends (RFC 9110 §5.5).
    static func trimmed(_ bytes: ByteSlice) -> ByteSlice {
        var bytes = bytes
        while let first = bytes.first, first.isBlank { bytes.removeFirst() }
        while let last = bytes.last, last.isBlank { bytes.removeLast() }
        return bytes
    }
}
