internal import Bytes

/// Writes a scanned value anew, as Go's encoders and its `%v` do: members sorted, the last of several
/// with one name. Token by token with what is open on a list: a value may be ten thousand levels deep,
/// which a thread's stack is not.
struct ValueRewriter {
    enum Style {
        /// `encoding/json`: sorted members, HTML escapes.
        case goJSON
        /// The same with every number's own text.
        case goExact
        /// jsoniter's fastest configuration: members as they came, floats rounded.
        case jsoniterFastest
        /// `fmt`'s `%v`: `map[a:1 b:[x y]]`.
        case goPrint
    }

    /// An array or object that has begun.
    private struct Container {
        let isObject: Bool
        /// Each member's name and where its text begins.
        var members: [(name: ByteSlice, start: Int)] = []
        /// Where the text after the opening bracket begins.
        let start: Int
        var count = 0
    }

    private let style: Style
    private var bytes: [UInt8] = []
    private var open: [Container] = []

    static func rewrite(_ value: JSONReader, as style: Style) -> [UInt8] {
        var writer = ValueRewriter(style: style)
        writer.bytes.reserveCapacity(value.bytes.count)
        value.forEachToken { writer.take($0) }
        return writer.bytes
    }

    private init(style: Style) { self.style = style }

    private mutating func take(_ token: JSONReader.Token) {
        switch token {
        case .beginArray:
            separate()
            bytes.append(UInt8(ascii: "["))
            open.append(Container(isObject: false, start: bytes.count))
        case .beginObject:
            separate()
            bytes.append(contentsOf: (style == .goPrint ? "map[" : "{").utf8)
            open.append(Container(isObject: true, start: bytes.count))
        case .name(let name): begin(name)
        case .scalar(let value):
            separate()
            append(value)
        case .end: end()
        }
    }

    private mutating func separate() {
        guard let last = open.indices.last, !open[last].isObject else { return }
        if open[last].count > 0 { bytes.append(separator) }
        open[last].count += 1
    }

    private mutating func begin(_ name: ByteSlice) {
        guard let last = open.indices.last else { return }
        if !open[last].members.isEmpty { bytes.append(separator) }
        open[last].members.append((name, bytes.count))
        append(string: name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func end() {
        guard let container = open.popLast() else { return }
        guard container.isObject else { return bytes.append(UInt8(ascii: "]")) }
        arrange(container)
        bytes.append(style == .goPrint ? UInt8(ascii: "]") : UInt8(ascii: "}"))
    }

    private var separator: UInt8 { style == .goPrint ? UInt8(ascii: " ") : UInt8(ascii: ",") }

    /// Puts an object's members into their order; most come in it already.
    private mutating func arrange(_ object: Container) {
        var order: [Int] = []
        var places: [ByteSlice: Int] = [:]
        for (index, member) in object.members.enumerated() {
            if let place = places[member.name] {
                order[place] = index
            } else {
                places[member.name] = order.count
                order.append(index)
            }
        }
        let members = object.members
        if style != .jsoniterFastest {
            order.sort { members[$0].name.lexicographicallyPrecedes(members[$1].name) }
        }
        guard order != Array(members.indices) else { return }
        var arranged: [UInt8] = []
        for index in order {
            if !arranged.isEmpty { arranged.append(separator) }
            // Before the next member stands a separator.
            let end = index + 1 < members.count ? members[index + 1].start - 1 : bytes.count
            arranged.append(contentsOf: bytes[members[index].start..<end])
        }
        bytes.replaceSubrange(object.start..., with: arranged)
    }

    // MARK: Scalars

    private mutating func append(_ value: JSONReader) {
        switch value.kind {
        case .number where style == .goExact: bytes.append(contentsOf: value.bytes)
        case .number: bytes.append(contentsOf: number(value).utf8)
        case .string: append(string: value.string)
        case .null where style == .goPrint: bytes.append(contentsOf: "<nil>".utf8)
        default: bytes.append(contentsOf: value.bytes)
        }
    }

    private mutating func append(string: ByteSlice) {
        guard style != .goPrint else { return bytes.append(contentsOf: string) }
        var writer = JSONWriter(
            reserving: string.count + 2, escapesHTML: style != .jsoniterFastest,
            hasShortEscapes: style != .jsoniterFastest)
        writer.string(string)
        bytes.append(contentsOf: writer.bytes)
    }

    private func number(_ value: JSONReader) -> String {
        let number = Double(String(text: value.bytes)) ?? 0
        switch style {
        case .goPrint: return GoFloat.general(number)
        case .goJSON, .goExact: return GoFloat.json(number)
        case .jsoniterFastest:
            // What fits its fast path (0x4ffffff) is rounded to six decimals.
            guard abs(number) <= 83_886_079 else { return GoFloat.json(number) }
            // Its sign is a test for less than zero, which -0 does not pass and -1e-9 does.
            let rounded = (abs(number) * 1_000_000 + 0.5).rounded(.down) / 1_000_000
            return (number < 0 ? "-" : "") + GoFloat.json(rounded)
        }
    }
}
