internal import JSON
package import YAML

/// Reads matchers: the one grammar of expectations and questions. Pure.
package struct MatcherReader {
    package let source: SourceText

    package init(source: SourceText) { self.source = source }

    /// What `expect` says of the parts of an outcome.
    package func expectations(
        _ node: YAMLNode?, parts: [String]
    ) throws(Diagnostic) -> [Expectation] {
        guard let node else { return [] }
        _ = try KeyedReader(node, in: source, keys: parts)
        var expectations: [Expectation] = []
        for member in try source.members(node) {
            let part = member.key.text ?? ""
            try checkNumber(member.value, as: part)
            guard part == "headers" else {
                expectations.append(Expectation(part: part, matcher: try matcher(member.value)))
                continue
            }
            for header in try source.members(member.value) {
                let name = (header.key.text ?? "").lowercased()
                expectations.append(
                    Expectation(part: "headers.\(name)", matcher: try matcher(header.value)))
            }
        }
        return expectations
    }

    /// The matcher that a value stands for.
    package func matcher(_ node: YAMLNode) throws(Diagnostic) -> Matcher {
        switch node.value {
        case .scalar: return Matcher(rule: .equals(JSONValue(node)), span: node.span)
        case .sequence(let nodes):
            var matchers: [Matcher] = []
            for node in nodes { matchers.append(try matcher(node)) }
            return Matcher(rule: .elements(matchers), span: node.span)
        case .mapping(let members):
            let names = members.map { $0.key.text ?? "" }
            let operators = names.filter { Matcher.operatorNames.contains($0) }
            guard !names.isEmpty, operators.count == names.count else {
                if !operators.isEmpty { try checkSpelling(members) }
                return try subset(members, node)
            }
            return try condition(members, node)
        }
    }

    /// Beside operators, a name that nearly is one is a slip: as a member of an object it would make
    /// members of the operators too.
    private func checkSpelling(_ members: [YAMLNode.Member]) throws(Diagnostic) {
        for member in members where !Matcher.operatorNames.contains(member.name) {
            guard let near = Suggestion.nearest(to: member.name, among: Matcher.operatorNames)
            else { continue }
            throw source.refused(
                "unknown operator `\(member.name)`", member.key,
                hint: "did you mean `\(near)`? members of an object are compared by "
                    + "`exactly: {…}`")
        }
    }

    private func subset(
        _ members: [YAMLNode.Member], _ node: YAMLNode
    ) throws(Diagnostic) -> Matcher {
        var matchers: [(String, Matcher)] = []
        for member in members {
            matchers.append((member.key.text ?? "", try matcher(member.value)))
        }
        return Matcher(rule: .members(matchers), span: node.span)
    }

    private func condition(
        _ members: [YAMLNode.Member], _ node: YAMLNode
    ) throws(Diagnostic) -> Matcher {
        var operators: [Matcher.Operator] = []
        for member in members {
            operators.append(try operation(member.key.text ?? "", member.value))
        }
        return Matcher(rule: .all(operators), span: node.span)
    }

    private func operation(
        _ name: String, _ value: YAMLNode
    ) throws(Diagnostic) -> Matcher.Operator {
        switch name {
        case "equals": .equals(try matcher(value))
        case "contains": .contains(try matcher(value))
        case "matches": .matches(try pattern(value))
        case "startsWith": .startsWith(try source.text(of: value))
        case "type": .type(try typeName(value))
        case "gt": .gt(try bound(value, name))
        case "gte": .gte(try bound(value, name))
        case "lt": .lt(try bound(value, name))
        case "lte": .lte(try bound(value, name))
        case "length": .length(try matcher(value))
        case "any": .any(try matcher(value))
        case "each": .each(try matcher(value))
        case "absent": .absent(try source.bool(value))
        case "exactly": .exactly(JSONValue(value))
        default: .not(try matcher(value))
        }
    }

    private func pattern(_ node: YAMLNode) throws(Diagnostic) -> String {
        let pattern = try source.text(of: node)
        guard pattern.contains("${") || Pattern.isValid(pattern) else {
            throw source.refused("not a regular expression", node)
        }
        return pattern
    }

    private func typeName(_ node: YAMLNode) throws(Diagnostic) -> String {
        let types = ["string", "number", "integer", "boolean", "array", "object", "null"]
        let name = node.isNull ? "null" : try source.text(of: node)
        guard types.contains(name) else {
            let near = Suggestion.nearest(to: name, among: types)
            throw source.refused(
                "unknown type `\(name)`", node,
                hint: near.map { "did you mean `\($0)`?" }
                    ?? "one of: \(types.joined(separator: ", ")); to compare a member named "
                    + "`type`, write `exactly: {…}` or name another member beside it")
        }
        return name
    }

    private func bound(_ node: YAMLNode, _ name: String) throws(Diagnostic) -> Double {
        guard let number = node.double else {
            throw source.refused("`\(name)` is to be a number, found \(node.kindName)", node)
        }
        return number
    }
}
