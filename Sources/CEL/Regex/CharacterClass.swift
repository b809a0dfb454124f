/// Which characters one place of a pattern takes.
struct CharacterClass: Sendable {
    enum Item: Sendable {
        case range(ClosedRange<UInt32>)
        case property(Property, isNegated: Bool)
    }

    var items: [Item] = []
    var isNegated = false
    /// Whether letters are compared without case.
    var foldsCase = false

    static func single(_ scalar: Unicode.Scalar, foldsCase: Bool) -> CharacterClass {
        CharacterClass(items: [.range(scalar.value...scalar.value)], foldsCase: foldsCase)
    }

    /// `.`, which takes a line feed only with the flag `s`.
    static func any(withNewline: Bool) -> CharacterClass {
        withNewline
            ? CharacterClass(isNegated: true)
            : CharacterClass(items: [.range(0x0A...0x0A)], isNegated: true)
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let isMember = isItem(scalar) || foldsCase && scalar.otherCases.contains { isItem($0) }
        return isMember != isNegated
    }

    private func isItem(_ scalar: Unicode.Scalar) -> Bool {
        items.contains { item in
            switch item {
            case .range(let range): range.contains(scalar.value)
            case .property(let property, let isNegated): property.holds(for: scalar) != isNegated
            }
        }
    }

    /// A named set of characters.
    enum Property: Sendable {
        case digit
        case space
        case word
        /// An ASCII class by its POSIX name.
        case posix([ClosedRange<UInt32>])
        /// A general category by one letter or two.
        case category(String)

        func holds(for scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .digit: scalar >= "0" && scalar <= "9"
            case .space: [0x09, 0x0A, 0x0C, 0x0D, 0x20].contains(scalar.value)
            case .word: scalar.isASCIIWord
            case .posix(let ranges): ranges.contains { $0.contains(scalar.value) }
            case .category(let name): name == "Any" || scalar.categoryName.hasPrefix(name)
            }
        }

        static let posix: [String: [ClosedRange<UInt32>]] = [
            "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A],
            "alpha": [0x41...0x5A, 0x61...0x7A],
            "ascii": [0x00...0x7F],
            "blank": [0x09...0x09, 0x20...0x20],
            "cntrl": [0x00...0x1F, 0x7F...0x7F],
            "digit": [0x30...0x39],
            "graph": [0x21...0x7E],
            "lower": [0x61...0x7A],
            "print": [0x20...0x7E],
            "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E],
            "space": [0x09...0x0D, 0x20...0x20],
            "upper": [0x41...0x5A],
            "word": [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A],
            "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
        ]

        static let categories: Set<String> = [
            "Any", "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl",
            "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So",
            "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co",
        ]
    }
}

extension Unicode.Scalar {
    var isASCIIWord: Bool {
        self >= "a" && self <= "z" || self >= "A" && self <= "Z" || self >= "0" && self <= "9"
            || self == "_"
    }

    /// The same letter in the other case, where that is one character.
    fileprivate var otherCases: [Unicode.Scalar] {
        [properties.lowercaseMapping, properties.uppercaseMapping].compactMap { text in
            let scalars = text.unicodeScalars
            return scalars.count == 1 ? scalars.first : nil
        }
    }

    fileprivate var categoryName: String {
        switch properties.generalCategory {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .privateUse: "Co"
        default: "-"
        }
    }
}
