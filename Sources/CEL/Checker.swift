/// Checks what can be known of an expression before it is evaluated: functions exist, and their
/// arguments have types that go with them.
///
/// As daprd compiles rules, an identifier that means nothing becomes a variable of any type; only
/// when something else is wrong, too, is it named among the findings.
struct Checker {
    private let source: ExpressionText
    private var unifier = Unifier()
    private var scopes: [(name: String, type: CELType)] = []
    private var findings: [CELProblem.Finding] = []
    private var undeclared: [CELProblem.Finding] = []
    private var unknownFunctions: [String] = []

    /// Throws what is wrong with the expression.
    static func check(_ node: Node, in source: ExpressionText) throws(CELProblem) {
        var checker = Checker(source: source)
        _ = checker.type(of: node)
        if !checker.findings.isEmpty {
            throw source.problem(checker.findings + checker.undeclared)
        }
        guard checker.unknownFunctions.isEmpty else { throw checker.unknownFunction() }
    }

    private init(source: ExpressionText) { self.source = source }

    /// What makes daprd compile for ever, because it takes the function for one more variable.
    private func unknownFunction() -> CELProblem {
        let functions = undeclared.filter { finding in
            unknownFunctions.contains { finding.message == Self.undeclared($0) }
        }
        return source.problem(
            functions,
            hint: "only CEL's standard functions and macros are known; daprd hangs at its start on "
                + "such an expression")
    }

    private static func undeclared(_ name: String) -> String {
        "undeclared reference to '\(name)' (in container '')"
    }

    // MARK: Nodes

    private mutating func type(of node: Node) -> CELType {
        switch node.kind {
        case .constant(let value): return Self.type(of: value)
        case .identifier(let name): return identifier(name, at: node.offset)
        case .select(let operand, let field):
            if let known = Self.qualifiedName(node).flatMap({ CELType.named[$0] }) {
                return known.type
            }
            return select(field, of: operand, at: node.offset)
        case .has(let operand, let field):
            _ = select(field, of: operand, at: node.offset)
            return .bool
        case .index(let operand, let index):
            return call(
                .index, [type(of: operand), type(of: index)], isMember: false, at: node.offset)
        case .and(let terms), .or(let terms): return logic(terms)
        case .conditional(let condition, let yes, let no):
            let types = [type(of: condition), type(of: yes), type(of: no)]
            return call(.conditional, types, isMember: false, at: node.offset)
        case .list(let elements): return .list(joined(elements.map { type(of: $0) }))
        case .map(let entries):
            let keys = joined(entries.map { type(of: $0.key) })
            return .map(keys, joined(entries.map { type(of: $0.value) }))
        case .call(let name, let arguments, let isMember):
            return call(name, arguments.map { type(of: $0) }, isMember: isMember, at: node.offset)
        case .comprehension(let comprehension): return type(of: comprehension)
        case .message(let name):
            refuse("'\(name)' is not a type", at: node.offset)
            return .error
        }
    }

    private mutating func refuse(_ message: String, at offset: Int) {
        findings.append(source.finding(message, at: offset))
    }

    private static func type(of value: CELValue) -> CELType {
        switch value {
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        default: .null
        }
    }

    private mutating func identifier(_ name: String, at offset: Int) -> CELType {
        if let local = scopes.last(where: { $0.name == name }) { return local.type }
        if let known = CELType.named[name] { return known.type }
        undeclared.append(source.finding(Self.undeclared(name), at: offset))
        return .error
    }

    /// `google.protobuf.Timestamp` where that is what the selection spells.
    static func qualifiedName(_ node: Node) -> String? {
        switch node.kind {
        case .identifier(let name): name
        case .select(let operand, let field): qualifiedName(operand).map { "\($0).\(field)" }
        default: nil
        }
    }

    private mutating func select(_ field: String, of operand: Node, at offset: Int) -> CELType {
        let type = unifier.resolve(type(of: operand))
        switch type {
        case .map(_, let value): return value
        case .variable:
            _ = unifier.assign([.dyn], to: [type])
            return .dyn
        case .dyn, .error: return .dyn
        default:
            refuse("type '\(type.text)' does not support field selection", at: offset)
            return .dyn
        }
    }

    private mutating func logic(_ terms: [Node]) -> CELType {
        for term in terms {
            let type = type(of: term)
            guard !unifier.assign([type], to: [.bool]) else { continue }
            refuse(
                "expected type 'bool' but found '\(unifier.resolve(type, free: .dyn).text)'",
                at: term.offset)
        }
        return .bool
    }

    /// The type of a literal's elements; dynamic when they differ.
    private mutating func joined(_ types: [CELType]) -> CELType {
        guard var joined = types.first else { return unifier.newVariable() }
        for type in types.dropFirst() {
            joined =
                unifier.assign([joined], to: [type]) ? Unifier.mostGeneral(joined, type) : .dyn
        }
        return joined
    }

    // MARK: Calls

    private mutating func call(
        _ name: String, _ arguments: [CELType], isMember: Bool, at offset: Int
    ) -> CELType {
        if let function = CELFunction(rawValue: name) {
            return call(function, arguments, isMember: isMember, at: offset)
        }
        unknownFunctions.append(name)
        undeclared.append(source.finding(Self.undeclared(name), at: offset))
        return .error
    }

    private mutating func call(
        _ function: CELFunction, _ arguments: [CELType], isMember: Bool, at offset: Int
    ) -> CELType {
        var result: CELType?
        for overload in Overload.overloads(of: function) where overload.isMember == isMember {
            let fresh = [-1: unifier.newVariable(), -2: unifier.newVariable()]
            let expected = overload.arguments.map { $0.instantiated(fresh) }
            guard unifier.assign(arguments, to: expected) else { continue }
            let type = unifier.resolve(overload.result.instantiated(fresh))
            result = result == nil || result == type ? type : .dyn
        }
        if let result { return result }
        refuse(
            Self.noOverload(function, arguments.map { unifier.resolve($0, free: .dyn) }, isMember),
            at: offset)
        return .error
    }

    private static func noOverload(
        _ function: CELFunction, _ types: [CELType], _ isMember: Bool
    ) -> String {
        let target = isMember ? types.first.map { "\($0.text)." } ?? "" : ""
        let arguments = types.dropFirst(isMember ? 1 : 0).map(\.text).joined(separator: ", ")
        return "found no matching overload for '\(function.rawValue)' applied to "
            + "'\(target)(\(arguments))'"
    }

    // MARK: Comprehensions

    private mutating func type(of comprehension: Comprehension) -> CELType {
        let element = element(of: comprehension.range)
        scopes.append((comprehension.variable, element))
        defer { scopes.removeLast() }
        if let predicate = comprehension.predicate { _ = logic([predicate]) }
        switch comprehension.macro {
        case .all, .exists, .existsOne: return .bool
        case .filter: return .list(element)
        case .map: return .list(comprehension.transform.map { type(of: $0) } ?? .dyn)
        }
    }

    /// What the macro's variable stands for: elements of a list, keys of a map.
    private mutating func element(of range: Node) -> CELType {
        let type = unifier.resolve(type(of: range))
        switch type {
        case .list(let element): return element
        case .map(let key, _): return key
        case .dyn, .error, .variable: return .dyn
        default:
            refuse(
                "expression of type '\(type.text)' cannot be range of a comprehension "
                    + "(must be list, map, or dynamic)", at: range.offset)
            return .error
        }
    }
}
