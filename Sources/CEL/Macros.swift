/// Calls, those that are macros expanded.
extension Parser {
    mutating func globalCall(
        _ name: String, _ arguments: [Node], at place: Int
    ) throws(Stop) -> Node {
        guard name == "has", arguments.count == 1 else {
            return try node(.call(name, arguments, isMember: false), at: place, over: arguments)
        }
        guard case .select(let operand, let field) = arguments[0].kind else {
            report("invalid argument to has() macro", at: arguments[0].offset)
            return arguments[0]
        }
        return try node(.has(operand, field: field), at: place, over: [operand])
    }

    mutating func memberCall(
        _ name: String, on operand: Node, _ arguments: [Node], at place: Int
    ) throws(Stop) -> Node {
        let isThree = name == "map" && arguments.count == 3
        guard let macro = Comprehension.Macro(rawValue: name), arguments.count == 2 || isThree
        else {
            let all = [operand] + arguments
            return try node(.call(name, all, isMember: true), at: place, over: all)
        }
        guard case .identifier(let variable) = arguments[0].kind else {
            let isMap = macro == .map || macro == .filter
            report(
                isMap ? "argument is not an identifier" : "argument must be a simple name",
                at: arguments[0].offset)
            return operand
        }
        let comprehension = Comprehension(
            macro: macro, range: operand, variable: variable,
            predicate: macro == .map && !isThree ? nil : arguments[1],
            transform: macro == .map ? arguments.last : nil)
        return try node(.comprehension(comprehension), at: place, over: [operand] + arguments)
    }
}
