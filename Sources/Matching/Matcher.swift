package import JSON
package import YAML

/// What a value is to be. A plain value means *equal*, an object a *subset*, a mapping whose keys are
/// all operators a condition. One grammar for everything that is compared.
package struct Matcher: Sendable {
    package indirect enum Rule: Sendable {
        case equals(JSONValue)
        case members([(name: String, matcher: Matcher)])
        case elements([Matcher])
        case all([Operator])
    }

    package enum Operator: Sendable {
        case equals(Matcher)
        case contains(Matcher)
        case matches(String)
        case startsWith(String)
        case type(String)
        case gt(Double)
        case gte(Double)
        case lt(Double)
        case lte(Double)
        case length(Matcher)
        case any(Matcher)
        case each(Matcher)
        case absent(Bool)
        case not(Matcher)
        /// Equal as a whole: an object with no other members.
        case exactly(JSONValue)
    }

    package let rule: Rule
    package let span: SourceSpan

    package init(rule: Rule, span: SourceSpan) {
        self.rule = rule
        self.span = span
    }

    package static let operatorNames = [
        "equals", "contains", "matches", "startsWith", "type", "gt", "gte", "lt", "lte", "length",
        "any", "each", "absent", "not", "exactly",
    ]

    /// The first variable in the matcher's texts that has no value, and where it stands.
    package func missing(_ variables: [String: String]) -> (name: String, span: SourceSpan)? {
        let here: String?
        let inner: [Matcher]
        switch rule {
        case .equals(let value): (here, inner) = (value.filled(variables).missing, [])
        case .members(let members): (here, inner) = (nil, members.map(\.matcher))
        case .elements(let matchers): (here, inner) = (nil, matchers)
        case .all(let operators):
            here = operators.lazy.compactMap { $0.text?.filled(variables).missing }.first
            inner = operators.compactMap(\.matcher)
        }
        if let here { return (here, span) }
        return inner.lazy.compactMap { $0.missing(variables) }.first
    }

    /// One way in which a value is not what it was to be.
    package struct Mismatch: Sendable {
        /// `json.name`
        package let path: String
        package let expected: String
        package let actual: String
        package let span: SourceSpan
        /// How to mend it when the matcher itself looks like a slip.
        package var hint: String?

        package init(
            path: String, expected: String, actual: String, span: SourceSpan, hint: String? = nil
        ) {
            self.path = path
            self.expected = expected
            self.actual = actual
            self.span = span
            self.hint = hint
        }
    }

    /// How `value` differs, nil when it does not. A value that is not there is nil.
    ///
    /// - Parameter variables: for `${variables}` in texts.
    package func mismatch(
        _ value: JSONValue?, at path: String, _ variables: [String: String] = [:]
    ) -> Mismatch? {
        switch rule {
        case .equals(let expected):
            let filled = expected.filled(variables).value
            if value == filled || Self.isText(value, of: expected, filled) { return nil }
            return mismatch(path, filled.text, value)
        case .members(let members):
            guard let value, value.object != nil else { return mismatch(path, "an object", value) }
            for (name, matcher) in members {
                let inner = "\(path).\(name)"
                if let problem = matcher.mismatch(value[name], at: inner, variables) {
                    return problem
                }
            }
            return nil
        case .elements(let matchers):
            guard let elements = value?.array else { return mismatch(path, "a list", value) }
            guard elements.count == matchers.count else {
                return mismatch(path, "a list of \(matchers.count)", value)
            }
            for (index, matcher) in matchers.enumerated() {
                let inner = "\(path)[\(index)]"
                if let problem = matcher.mismatch(elements[index], at: inner, variables) {
                    return problem
                }
            }
            return nil
        case .all(let operators):
            for condition in operators {
                if let problem = mismatch(condition, value, path, variables) { return problem }
            }
            return nil
        }
    }

    private func mismatch(
        _ condition: Operator, _ value: JSONValue?, _ path: String, _ variables: [String: String]
    ) -> Mismatch? {
        switch condition {
        case .equals(let matcher): return matcher.mismatch(value, at: path, variables)
        case .absent(let isAbsent):
            guard (value == nil) != isAbsent else { return nil }
            return mismatch(path, isAbsent ? "nothing" : "anything", value)
        case .not(let matcher):
            guard matcher.mismatch(value, at: path, variables) == nil else { return nil }
            return mismatch(path, "not \(matcher.text)", value)
        case .exactly(let whole):
            let filled = whole.filled(variables).value
            return value == filled ? nil : mismatch(path, "exactly \(filled.text)", value)
        case .contains(let matcher): return contains(matcher, value, path, variables)
        case .matches(let template):
            let pattern = JSONValue.string(template).filled(variables).value.string ?? template
            let isMatch = value?.comparableText.map { Pattern.matches($0, pattern) } ?? false
            return isMatch ? nil : mismatch(path, "matches \(pattern)", value)
        case .startsWith(let text):
            let prefix = JSONValue.string(text).filled(variables).value.string ?? text
            let isPrefixed = value?.comparableText?.hasPrefix(prefix) ?? false
            return isPrefixed ? nil : mismatch(path, "starts with \(prefix)", value)
        case .type(let name):
            return value?.isOfType(name) == true ? nil : mismatch(path, "type \(name)", value)
        case .gt(let bound): return compare(value, path, "> \(number(bound))") { $0 > bound }
        case .gte(let bound): return compare(value, path, ">= \(number(bound))") { $0 >= bound }
        case .lt(let bound): return compare(value, path, "< \(number(bound))") { $0 < bound }
        case .lte(let bound): return compare(value, path, "<= \(number(bound))") { $0 <= bound }
        case .length(let matcher):
            let length = value?.length.map { JSONValue.number(String($0)) }
            return matcher.mismatch(length, at: "\(path).length", variables)
        case .any(let matcher):
            let found = value?.array?.contains { matcher.mismatch($0, at: path, variables) == nil }
            return found == true ? nil : mismatch(path, "any \(matcher.text)", value)
        case .each(let matcher):
            guard let elements = value?.array else { return mismatch(path, "a list", value) }
            for (index, element) in elements.enumerated() {
                let inner = "\(path)[\(index)]"
                if let problem = matcher.mismatch(element, at: inner, variables) { return problem }
            }
            return nil
        }
    }

    /// A variable is a text: where one stands alone for a number or a boolean, their texts are compared.
    private static func isText(
        _ value: JSONValue?, of expected: JSONValue, _ filled: JSONValue
    ) -> Bool {
        guard let text = expected.string, Template.variable(in: text) != nil else { return false }
        return value?.comparableText == filled.string
    }

    private func contains(
        _ matcher: Matcher, _ value: JSONValue?, _ path: String, _ variables: [String: String]
    ) -> Mismatch? {
        if let elements = value?.array {
            let found = elements.contains { matcher.mismatch($0, at: path, variables) == nil }
            return found ? nil : mismatch(path, "contains \(matcher.text)", value)
        }
        guard case .equals(let part) = matcher.rule,
            let part = part.filled(variables).value.comparableText
        else { return mismatch(path, "contains \(matcher.text)", value) }
        let isContained = value?.comparableText?.contains(part) ?? false
        return isContained ? nil : mismatch(path, "contains \(part)", value)
    }

    private func compare(
        _ value: JSONValue?, _ path: String, _ expected: String, _ holds: (Double) -> Bool
    ) -> Mismatch? {
        guard let number = value?.double, holds(number) else {
            return mismatch(path, expected, value)
        }
        return nil
    }

    private func mismatch(_ path: String, _ expected: String, _ value: JSONValue?) -> Mismatch {
        Mismatch(
            path: path, expected: expected, actual: value?.text ?? "nothing", span: span,
            hint: hint(for: value))
    }

    /// The rule as people write it.
    package var text: String {
        switch rule {
        case .equals(let value): value.text
        case .members(let members):
            "{\(members.map { "\($0.name): \($0.matcher.text)" }.joined(separator: ", "))}"
        case .elements(let matchers): "[\(matchers.map(\.text).joined(separator: ", "))]"
        case .all(let operators): operators.map(\.words).joined(separator: " and ")
        }
    }

    private func number(_ value: Double) -> String { Operator.number(value) }
}

extension Matcher.Operator {
    /// As people say it: `> 100`, `contains "a"`.
    fileprivate var words: String {
        switch self {
        case .equals(let matcher): matcher.text
        case .contains(let matcher): "contains \(matcher.text)"
        case .matches(let pattern): "matches \(pattern)"
        case .startsWith(let text): "starts with \(text)"
        case .type(let name): "type \(name)"
        case .gt(let bound): "> \(Self.number(bound))"
        case .gte(let bound): ">= \(Self.number(bound))"
        case .lt(let bound): "< \(Self.number(bound))"
        case .lte(let bound): "<= \(Self.number(bound))"
        case .length(let matcher): "length \(matcher.text)"
        case .any(let matcher): "any \(matcher.text)"
        case .each(let matcher): "each \(matcher.text)"
        case .absent(let isAbsent): isAbsent ? "nothing" : "anything"
        case .not(let matcher): "not \(matcher.text)"
        case .exactly(let value): "exactly \(value.text)"
        }
    }

    /// A text of the operator's own in which variables are filled in.
    fileprivate var text: JSONValue? {
        switch self {
        case .startsWith(let text), .matches(let text): .string(text)
        case .exactly(let value): value
        default: nil
        }
    }

    fileprivate var matcher: Matcher? {
        switch self {
        case .equals(let inner), .contains(let inner), .length(let inner), .any(let inner),
            .each(let inner), .not(let inner):
            inner
        default: nil
        }
    }

    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}

extension JSONValue {
    /// The value with the variables of its texts filled in; those without a value stay as they are,
    /// the first of them is told.
    package func filled(_ variables: [String: String]) -> (value: JSONValue, missing: String?) {
        switch self {
        case .string(let text):
            guard text.contains("$") else { return (self, nil) }
            let (filled, missing) = Template.filled(text, variables)
            return (.string(filled ?? text), missing)
        case .array(let elements):
            let filled = elements.map { $0.filled(variables) }
            return (.array(filled.map(\.value)), filled.lazy.compactMap(\.missing).first)
        case .object(let members):
            let filled = members.map { ($0.name, $0.value.filled(variables)) }
            return (
                .object(filled.map { Member($0.0, $0.1.value) }),
                filled.lazy.compactMap(\.1.missing).first
            )
        default: return (self, nil)
        }
    }

    /// A text, or the text of a number or a boolean.
    fileprivate var comparableText: String? {
        switch self {
        case .string(let text): text
        case .number, .bool: text
        default: nil
        }
    }

    fileprivate var length: Int? {
        switch self {
        case .string(let text): text.count
        case .array(let elements): elements.count
        case .object(let members): members.count
        default: nil
        }
    }

    fileprivate func isOfType(_ name: String) -> Bool {
        switch (name, kind) {
        case ("integer", .number): double.map { $0 == $0.rounded() } ?? false
        case ("number", .number), ("string", .string), ("boolean", .bool), ("array", .array),
            ("list", .array), ("object", .object), ("null", .null):
            true
        default: false
        }
    }
}

/// Regular expressions, by Swift's own engine.
enum Pattern {
    static func isValid(_ pattern: String) -> Bool { (try? Regex(pattern)) != nil }

    /// Whether the pattern occurs in the text.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return text.firstMatch(of: regex) != nil
    }
}
