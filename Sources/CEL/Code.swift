/// A checked expression, ready to be evaluated: names resolved to functions, patterns compiled.
indirect enum Code: Sendable {
    case constant(CELValue)
    case variable(String)
    case select(Code, field: String)
    case has(Code, field: String)
    case index(Code, Code)
    case and([Code])
    case or([Code])
    case conditional(Code, Code, Code)
    case list([Code])
    case map([(key: Code, value: Code)])
    case call(CELFunction, [Code])
    /// `matches` with a pattern that is written in the expression.
    case matches(Code, Result<Regex, CELFailure>)
    case comprehension(ComprehensionCode)

    init(_ node: Node, locals: [String] = []) {
        func code(_ node: Node) -> Code { Code(node, locals: locals) }
        switch node.kind {
        case .constant(let value): self = .constant(value)
        case .identifier(let name):
            let known = locals.contains(name) ? nil : CELType.named[name]
            self = known.map { .constant($0.value) } ?? .variable(name)
        case .select(let operand, let field):
            let known = Checker.qualifiedName(node).flatMap { CELType.named[$0] }
            self = known.map { .constant($0.value) } ?? .select(code(operand), field: field)
        case .has(let operand, let field): self = .has(code(operand), field: field)
        case .index(let operand, let key): self = .index(code(operand), code(key))
        case .and(let terms): self = .and(terms.map(code))
        case .or(let terms): self = .or(terms.map(code))
        case .conditional(let condition, let yes, let no):
            self = .conditional(code(condition), code(yes), code(no))
        case .list(let elements): self = .list(elements.map(code))
        case .map(let entries): self = .map(entries.map { (code($0.key), code($0.value)) })
        case .call(let name, let arguments, _): self = .call(name, arguments.map(code))
        case .comprehension(let comprehension):
            self = .comprehension(ComprehensionCode(comprehension, locals: locals))
        // The checker lets none through.
        case .message: self = .constant(.null)
        }
    }

    private static func call(_ name: String, _ arguments: [Code]) -> Code {
        // The checker lets no other name through.
        guard let function = CELFunction(rawValue: name) else { return .constant(.null) }
        if function == .matches, arguments.count == 2,
            case .constant(.string(let pattern)) = arguments[1]
        {
            return .matches(arguments[0], Regex.compiled(pattern))
        }
        return .call(function, arguments)
    }
}

struct ComprehensionCode: Sendable {
    let macro: Comprehension.Macro
    let range: Code
    let variable: String
    let predicate: Code?
    let transform: Code?

    init(_ comprehension: Comprehension, locals: [String]) {
        macro = comprehension.macro
        range = Code(comprehension.range, locals: locals)
        variable = comprehension.variable
        let inner = locals + [comprehension.variable]
        predicate = comprehension.predicate.map { Code($0, locals: inner) }
        transform = comprehension.transform.map { Code($0, locals: inner) }
    }
}
