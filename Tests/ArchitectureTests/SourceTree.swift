import Foundation
import Testing

/// The checkout's own text, for tests that read it.
enum SourceTree {
    /// One file, by its path in the checkout.
    struct File: Sendable, CustomTestStringConvertible {
        let path: String
        let text: String

        /// Its lines without comments and without what stands in string literals.
        let code: [String]

        init(_ path: String, _ text: String) {
            self.path = path
            self.text = text
            code = path.hasSuffix(".swift") ? Code.lines(of: text) : []
        }

        var testDescription: String { path }
        /// `HTTP` for `Sources/HTTP/Server.swift`.
        var target: String { String(path.split(separator: "/")[1]) }

        /// The modules it imports.
        var imports: [String] {
            code.compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                    words[..<index].allSatisfy(Self.mayStandBeforeImport)
                else { return nil }
                return words[index + 1]
            }
        }

        private static func mayStandBeforeImport(_ word: String) -> Bool {
            word.hasPrefix("@")
                || ["package", "internal", "private", "fileprivate", "public"].contains(word)
        }
    }

    static let checkout: URL = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url
    }()

    /// The files below a folder of the checkout whose names end in one of `endings`.
    static func files(in folder: String, _ endings: [String] = ["swift"]) -> [File] {
        let root = checkout.appendingPathComponent(folder)
        let paths = FileManager.default.subpaths(atPath: root.path) ?? []
        return paths.sorted().filter { path in
            endings.contains { path.hasSuffix(".\($0)") }
        }.compactMap { path in
            let url = root.appendingPathComponent(path)
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
            return File("\(folder)/\(path)", text)
        }
    }

    static func file(_ path: String) -> File? {
        let url = checkout.appendingPathComponent(path)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
        return File(path, text)
    }
}

/// Swift's text without comments and literals: a scan, not a parser.
enum Code {
    static func lines(of text: String) -> [String] {
        var isInLiteral = false
        return text.utf8.split(separator: newline, omittingEmptySubsequences: false).map { line in
            // A literal of several lines: its quotes stand at line ends and line starts.
            let bytes = Array(line)
            let marks = bytes.indices.filter { bytes[$0...].starts(with: [quote, quote, quote]) }
            defer { if marks.count % 2 == 1 { isInLiteral.toggle() } }
            if isInLiteral { return "" }
            return withoutLiterals(bytes[..<(marks.first ?? bytes.endIndex)])
        }
    }

    private static func withoutLiterals(_ line: ArraySlice<UInt8>) -> String {
        var code: [UInt8] = []
        var isInLiteral = false
        var previous = UInt8(ascii: " ")
        for byte in line {
            if byte == quote, previous != backslash {
                isInLiteral.toggle()
            } else if !isInLiteral {
                if byte == slash, previous == slash {
                    code.removeLast()
                    break
                }
                code.append(byte)
            }
            previous = previous == backslash && byte == backslash ? UInt8(ascii: " ") : byte
        }
        return String(decoding: code, as: UTF8.self)
    }

    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let slash = UInt8(ascii: "/")
}
