@testable import JSON

/// Random numbers that are the same in every run (splitmix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension JSONValue {
    /// Any value, at most `depth` levels deep; the names of an object differ.
    static func random(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .number(number(&random))
        case 3, 4: .string(text(&random))
        case 5:
            .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    self.random(&random, depth: depth - 1)
                })
        default:
            .object(
                (0..<Int.random(in: 0...4, using: &random)).map { index in
                    Member("\(text(&random))\(index)", self.random(&random, depth: depth - 1))
                })
        }
    }

    private static func number(_ random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: "\(Int.random(in: -100...100, using: &random))"
        case 1: "\(Int64.random(in: .min ... .max, using: &random))"
        case 2: "\(Double.random(in: -1e9...1e9, using: &random))"
        default:
            "\(Int.random(in: -9...9, using: &random))e\(Int.random(in: -30...30, using: &random))"
        }
    }

    private static let scalars: [Unicode.Scalar] = [
        "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{8}", "\u{C}", "\u{1F}",
        "\u{7F}",
        "<", ">", "&", "é", "ß", "\u{301}", "\u{2028}", "\u{2029}", "\u{FFFD}", "😀", "\u{10FFFF}",
        ":",
        ",", "{", "}", "[", "]",
    ]

    private static func text(_ random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            text.unicodeScalars.append(scalars.randomElement(using: &random) ?? "a")
        }
        return text
    }
}
