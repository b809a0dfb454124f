internal import Bytes

/// A curl command line, as people copy it from documentation and browsers.
package enum CurlLine {
    package enum Mistake: Error, Equatable {
        case notCurl
        case noURL
        case unclosedQuote
        /// `--data @file`: the file may be gone when the scenario is run.
        case file(String)
        case option(String)
        case missingValue(String)
    }

    /// What a line asks for.
    ///
    /// - Parameter words: of the line, the first one `curl`.
    package static func exchange(_ words: [String]) throws(Mistake) -> RecordedExchange {
        guard words.first == "curl" else { throw .notCurl }
        var line = Parsed()
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                line.url = word
                continue
            }
            try line.take(word, &rest)
        }
        return try line.exchange()
    }

    /// The words of a text, by the rules of a shell: quotes, escapes, lines that go on.
    package static func words(_ text: String) throws(Mistake) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            switch (quote, character) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case ("'", _): word?.append(character)
            case ("$", "'"): quote = nil
            case ("$", "\\"): word?.append(ansi(&rest))
            case ("$", _): word?.append(character)
            case ("\"", "\\"):
                let next = rest.popFirst() ?? "\\"
                if next != "\n" {
                    word?.append(contentsOf: "\"\\$`".contains(next) ? "\(next)" : "\\\(next)")
                }
            case ("\"", _): word?.append(character)
            case (_, "'"), (_, "\""):
                quote = character
                word = word ?? ""
            case (_, "$") where rest.first == "'":
                rest.removeFirst()
                quote = "$"
                word = word ?? ""
            case (_, "\\"):
                guard let next = rest.popFirst(), next != "\n" else { continue }
                word = (word ?? "") + String(next)
            case _ where character.isWhitespace:
                if let done = word { words.append(done) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw .unclosedQuote }
        return words + (word.map { [$0] } ?? [])
    }

    /// An escape of bash's `$'…'`.
    private static func ansi(_ rest: inout Substring) -> Character {
        guard let next = rest.popFirst() else { return "\\" }
        switch next {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            let digits = rest.prefix(4)
            rest = rest.dropFirst(4)
            return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init).map(Character.init)
                ?? "\u{FFFD}"
        default: return next
        }
    }

    private struct Parsed {
        var url: String?
        var method: String?
        var headers: [(name: String, value: String)] = []
        var data: [String] = []
        var isQuery = false
        var type: String?

        private static let withValue = [
            "-X", "--request", "-H", "--header", "-d", "--data", "--data-raw", "--data-binary",
            "--data-ascii", "--json", "--url",
        ]
        /// What makes no difference to what is asked.
        private static let silent = [
            "-s", "--silent", "-S", "--show-error", "-i", "--include", "-v", "--verbose", "-k",
            "--insecure", "-L", "--location", "-f", "--fail", "--compressed", "-g", "--globoff",
            "--fail-with-body", "-#", "--http1.1",
        ]
        private static let silentWithValue = [
            "-o", "--output", "-m", "--max-time", "--connect-timeout", "-w", "--write-out",
            "--retry", "-A", "--user-agent",
        ]

        mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(Mistake) {
            if Self.silent.contains(word) { return }
            switch word {
            case "-I", "--head": method = "HEAD"
            case "-G", "--get": isQuery = true
            default: try takeValued(word, &rest)
            }
        }

        private mutating func takeValued(
            _ word: String, _ rest: inout ArraySlice<String>
        ) throws(Mistake) {
            let known = Self.withValue + Self.silentWithValue
            var name = word
            var value: String?
            if !word.hasPrefix("--"), word.count > 2 {
                name = String(word.prefix(2))
                value = String(word.dropFirst(2))
                // `-sS`: several letters in one word.
                if Self.silent.contains(name) { return try take("-\(word.dropFirst(2))", &rest) }
            } else if let sign = word.firstIndex(of: "="), word.hasPrefix("--") {
                name = String(word[..<sign])
                value = String(word[word.index(after: sign)...])
            }
            guard known.contains(name) else { throw .option(name) }
            guard let text = value ?? rest.popFirst() else { throw .missingValue(name) }
            try set(name, text)
        }

        private mutating func set(_ name: String, _ text: String) throws(Mistake) {
            switch name {
            case "-X", "--request": method = text
            case "--url": url = text
            case "-H", "--header":
                guard let colon = text.firstIndex(of: ":") else { return }
                let value = text[text.index(after: colon)...].drop { $0 == " " }
                headers.append((String(text[..<colon]), String(value)))
            case "-d", "--data", "--data-ascii", "--data-binary", "--json", "--data-raw":
                guard !text.hasPrefix("@") || name == "--data-raw" else {
                    throw .file(String(text.dropFirst()))
                }
                data.append(text)
                if name == "--json" { type = "application/json" }
            default: break
            }
        }

        func exchange() throws(Mistake) -> RecordedExchange {
            guard let url else { throw .noURL }
            let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
            var target = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
            target = String(target.prefix { $0 != "#" })
            if isQuery, !data.isEmpty {
                target += (target.contains("?") ? "&" : "?") + data.joined(separator: "&")
            }
            let hasBody = !data.isEmpty && !isQuery
            var exchange = RecordedExchange(
                method: (method ?? (hasBody ? "POST" : "GET")).uppercased(), target: target)
            exchange.headers = headers
            if hasBody { exchange.body = data.joined(separator: type == nil ? "&" : "") }
            if let type, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                exchange.headers.append(("Content-Type", type))
            }
            return exchange
        }
    }
}
