internal import Bytes

/// An absolute URL as a guest gives it, read by the rules of the WHATWG URL standard as far as hosts,
/// ports and http paths need them. Pure.
struct GuestURL: Equatable {
    /// Lower case.
    let scheme: String
    /// Normalised; nil for a URL without one (`mailto:a`).
    let host: String?
    /// The port written, or the scheme's own.
    let port: UInt16?
    /// Path and query, escaped, beginning with `/`.
    let target: [UInt8]

    /// nil when the text is no absolute URL.
    init?(_ text: String) {
        let trimmed = Self.trimmed(text)
        guard let colon = trimmed.firstIndex(of: ":") else { return nil }
        let scheme = trimmed[..<colon].lowercased()
        guard let first = scheme.utf8.first, (0x61...0x7A) ~= first,
            scheme.utf8.allSatisfy({ $0.isSchemeCharacter })
        else { return nil }
        self.scheme = scheme
        let rest = trimmed[trimmed.index(after: colon)...]
        let isSpecial = ["http", "https", "ws", "wss", "ftp"].contains(scheme)
        guard rest.hasPrefix("//") || isSpecial else {
            (host, port, target) = (nil, nil, Array(rest.utf8))
            return
        }
        let afterSlashes = rest.drop { $0 == "/" || (isSpecial && $0 == "\\") }
        let end = afterSlashes.firstIndex { "/?#".contains($0) || (isSpecial && $0 == "\\") }
        let authority = afterSlashes[..<(end ?? afterSlashes.endIndex)]
        guard let (host, port) = Self.hostAndPort(authority, isSpecial: isSpecial) else {
            return nil
        }
        self.host = host
        self.port = port ?? Self.defaultPort(scheme)
        target = Self.target(afterSlashes[authority.endIndex...])
    }

    /// Without control characters and spaces at both ends, without tabs and line ends anywhere.
    private static func trimmed(_ text: String) -> Substring {
        var scalars = text.unicodeScalars.filter { ![0x09, 0x0A, 0x0D].contains($0.value) }[...]
        scalars = scalars.drop { $0.value <= 0x20 }
        while let last = scalars.last, last.value <= 0x20 { scalars.removeLast() }
        return Substring(String(String.UnicodeScalarView(scalars)))
    }

    private static func defaultPort(_ scheme: String) -> UInt16? {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        case "ftp": 21
        default: nil
        }
    }

    // MARK: Authority

    private static func hostAndPort(
        _ authority: Substring, isSpecial: Bool
    ) -> (String, UInt16?)? {
        let afterUser = authority.lastIndex(of: "@").map {
            authority[authority.index(after: $0)...]
        }
        let hostPort = afterUser ?? authority
        let bracket = hostPort.lastIndex(of: "]") ?? hostPort.startIndex
        let colon = hostPort[bracket...].lastIndex(of: ":")
        let portText = colon.map { hostPort[hostPort.index(after: $0)...] } ?? ""
        guard portText.isEmpty || UInt16(portText) != nil, portText.utf8.allSatisfy(\.isDigit)
        else { return nil }
        guard let host = host(hostPort[..<(colon ?? hostPort.endIndex)], isSpecial: isSpecial)
        else { return nil }
        return (host, UInt16(portText))
    }

    private static func host(_ text: Substring, isSpecial: Bool) -> String? {
        if text.hasPrefix("[") {
            guard text.hasSuffix("]"), let groups = IPv6.parse(text.dropFirst().dropLast()) else {
                return nil
            }
            return "[\(IPv6.text(groups))]"
        }
        guard let decoded = Percent.decode(Array(text.utf8)[...], plusIsSpace: false) else {
            return nil
        }
        let name = String(text: decoded).lowercased()
        let forbidden = " #/:<>?@[\\]^|%"
        guard !name.isEmpty,
            !name.unicodeScalars.contains(where: {
                $0.value <= 0x20 || $0.value == 0x7F || forbidden.unicodeScalars.contains($0)
            })
        else { return nil }
        guard isSpecial else { return name }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let ascii = labels.map { Punycode.label($0) }.joined(separator: ".")
        return IPv4.looksLike(ascii) ? IPv4.parse(ascii) : ascii
    }

    // MARK: Path and query

    private static func target(_ text: Substring) -> [UInt8] {
        var target: [UInt8] = text.first == "?" || text.isEmpty || text.first == "#" ? [0x2F] : []
        for byte in text.prefix(while: { $0 != "#" }).utf8 {
            switch byte {
            case UInt8(ascii: "\\"): target.append(0x2F)
            case 0x09, 0x0A, 0x0D: continue
            case 0...0x20, 0x22, 0x3C, 0x3E, 0x7F...: Percent.append(escaping: byte, to: &target)
            default: target.append(byte)
            }
        }
        return target
    }
}

extension UInt8 {
    fileprivate var isSchemeCharacter: Bool {
        (0x61...0x7A) ~= self || isDigit || self == 0x2B || self == 0x2D || self == 0x2E
    }
}

/// Labels of international names as the DNS has them (RFC 3492). The mapping of IDNA is not done but
/// for lower case.
enum Punycode {
    static func label(_ label: Substring) -> String {
        let scalars = label.unicodeScalars.map(\.value)
        guard scalars.contains(where: { $0 >= 0x80 }) else { return String(label) }
        var output = scalars.filter { $0 < 0x80 }.map { UInt8($0) }
        var (next, delta, bias): (UInt32, Int, Int) = (0x80, 0, 72)
        let basicCount = output.count
        var handled = basicCount
        if basicCount > 0 { output.append(UInt8(ascii: "-")) }
        while handled < scalars.count {
            guard let smallest = scalars.filter({ $0 >= next }).min() else { break }
            delta += Int(smallest - next) * (handled + 1)
            next = smallest
            for scalar in scalars {
                if scalar < next { delta += 1 }
                guard scalar == next else { continue }
                output += digits(delta, bias)
                bias = adapted(delta, handled + 1, isFirst: handled == basicCount)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return "xn--" + String(decoding: output, as: UTF8.self)
    }

    private static func digits(_ number: Int, _ bias: Int) -> [UInt8] {
        var (rest, base): (Int, Int) = (number, 36)
        var digits: [UInt8] = []
        while true {
            let threshold = min(max(base - bias, 1), 26)
            if rest < threshold { return digits + [digit(rest)] }
            digits.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            base += 36
        }
    }

    private static func digit(_ value: Int) -> UInt8 {
        UInt8(value < 26 ? 0x61 + value : 0x30 + value - 26)
    }

    private static func adapted(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var base = 0
        while delta > 455 {
            delta /= 35
            base += 36
        }
        return base + 36 * delta / (delta + 38)
    }
}

/// IPv4 addresses in the forms of the URL standard: `127.1`, `0x7f000001`, `2130706433`.
private enum IPv4 {
    /// Whether the last part of a host is a number, which makes the whole an address or an error.
    static func looksLike(_ host: String) -> Bool {
        let parts = parts(host)
        guard let last = parts.last else { return false }
        return last.utf8.allSatisfy(\.isDigit) && !last.isEmpty || number(last) != nil
    }

    static func parse(_ host: String) -> String? {
        let parts = parts(host)
        let numbers = parts.compactMap { number($0) }
        guard numbers.count == parts.count, parts.count <= 4, let last = numbers.last,
            numbers.dropLast().allSatisfy({ $0 < 256 }),
            last < 1 << (8 * UInt64(5 - numbers.count))
        else { return nil }
        var address = last
        for (index, part) in numbers.dropLast().enumerated() {
            address += part << (8 * UInt64(3 - index))
        }
        return [24, 16, 8, 0].map { String(address >> $0 & 255) }.joined(separator: ".")
    }

    private static func parts(_ host: String) -> [Substring] {
        var parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last == "", parts.count > 1 { parts.removeLast() }
        return parts
    }

    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty else { return nil }
        if text.hasPrefix("0x") {
            return text.count == 2 ? 0 : UInt64(text.dropFirst(2), radix: 16)
        }
        if text.count > 1, text.hasPrefix("0") { return UInt64(text.dropFirst(), radix: 8) }
        return text.utf8.allSatisfy(\.isDigit) ? UInt64(text) : nil
    }
}

/// IPv6 addresses, compressed as RFC 5952 writes them.
private enum IPv6 {
    static func parse(_ text: Substring) -> [UInt16]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        let parsed = halves.map { groups($0) }
        guard let head = parsed.first ?? nil else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? head : nil }
        guard let tail = parsed[1], head.count + tail.count <= 7 else { return nil }
        return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            if part.contains("."), let four = IPv4.parse(String(part)) {
                let bytes = four.split(separator: ".").compactMap { UInt16($0) }
                groups += [bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]]
            } else {
                guard (1...4).contains(part.count), let group = UInt16(part, radix: 16) else {
                    return nil
                }
                groups.append(group)
            }
        }
        return groups
    }

    static func text(_ groups: [UInt16]) -> String {
        var best: Range<Int>?
        var start: Int?
        for index in 0...8 {
            if index < 8, groups[index] == 0 {
                start = start ?? index
            } else if let run = start {
                if index - run > max(1, best?.count ?? 1) { best = run..<index }
                start = nil
            }
        }
        func hex(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard let best else { return hex(groups[...]) }
        return "\(hex(groups[..<best.lowerBound]))::\(hex(groups[best.upperBound...]))"
    }
}
