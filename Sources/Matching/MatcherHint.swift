internal import JSON
package import YAML

/// How to mend a matcher that was to be a condition, or a value of another type, and is not.
extension Matcher {
    /// What other tools call our operators.
    private static let foreign = [
        "eq": "equals", "is": "equals", "ne": "not", "neq": "not", "in": "matches",
        "oneof": "matches", "anyof": "matches", "regex": "matches", "regexp": "matches",
        "pattern": "matches", "endswith": "matches", "has": "contains", "includes": "contains",
        "exists": "absent", "size": "length", "count": "length", "min": "gte", "max": "lte",
    ]

    /// What is to be said of a mapping that was compared as an object and may have been meant as a
    /// condition; nil when no name of it looks like an operator.
    package static func operatorHint(_ names: [String]) -> String? {
        let strangers = names.filter { !operatorNames.contains($0) }
        let list = "operators are \(operatorNames.joined(separator: ", "))"
        for name in strangers {
            let known =
                foreign[name.lowercased()] ?? Suggestion.nearest(to: name, among: operatorNames)
            if let known { return "`\(name)` is no operator, did you mean `\(known)`? \(list)" }
        }
        guard let first = strangers.first, strangers.count < names.count else { return nil }
        return "`\(first)` is no operator, which makes an object of the mapping: \(list)"
    }

    /// Why `value` could not be what the rule says, whatever it is.
    func hint(for value: JSONValue?) -> String? {
        switch (rule, value) {
        case (.members(let members), let value) where value?.object == nil:
            Self.operatorHint(members.map(\.name))
        case (.equals(.string(let text)), .number?) where Self.isNumber(text):
            "write \(text) without quotes"
        case (.equals(.string(let text)), .bool?) where ["true", "false"].contains(text):
            "write \(text) without quotes"
        case (.equals(.number(let number)), .string(let text)?) where Self.isNumber(text):
            "write \"\(number)\" in quotes: it is a text"
        default: nil
        }
    }

    static func isNumber(_ text: String) -> Bool {
        guard let value = try? JSONValue.parse(Array(text.utf8)[...]) else { return false }
        return value.double != nil
    }
}

extension MatcherReader {
    /// Parts that are numbers wherever they are asked for.
    private static let numbers = ["status", "exit", "attempt", "nth"]

    /// Refuses a text for a part that is a number: the two are never equal.
    package func checkNumber(_ node: YAMLNode, as part: String) throws(Diagnostic) {
        guard Self.numbers.contains(part), let text = node.string, !text.contains("${") else {
            return
        }
        throw source.refused(
            "`\(part)` is a number, never the text `\(text)`", node,
            hint: Matcher.isNumber(text) ? "write \(text) without quotes" : nil)
    }
}
