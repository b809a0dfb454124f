/// Walks a checked expression over the values of its variables. Lives for one evaluation.
struct Evaluator {
    private let variables: [String: CELValue]
    /// The variables of the comprehensions round the node at hand, innermost last.
    private var locals: [(name: String, value: CELValue)] = []
    private var steps = 0

    init(_ variables: [String: CELValue]) { self.variables = variables }

    mutating func value(of node: Code) throws(CELFailure) -> CELValue {
        steps += 1
        guard steps <= CELLimits.steps else {
            throw CELFailure("evaluation takes more than \(CELLimits.steps) steps")
        }
        switch node {
        case .constant(let value): return value
        case .variable(let name): return try variable(name)
        case .select(let operand, let field):
            return try CELValue.member(field, of: try value(of: operand))
        case .has(let operand, let field):
            return .bool(try CELValue.hasMember(field, in: try value(of: operand)))
        case .index(let operand, let key):
            let operand = try value(of: operand)
            return try CELValue.element(try value(of: key), of: operand)
        case .and(let terms): return try logic(terms, decidedBy: false)
        case .or(let terms): return try logic(terms, decidedBy: true)
        case .conditional(let condition, let yes, let no):
            guard case .bool(let isTrue) = try value(of: condition) else { throw .noSuchOverload }
            return try value(of: isTrue ? yes : no)
        case .list(let elements): return .list(try values(of: elements))
        case .map(let entries): return try map(entries)
        case .call(let function, let arguments):
            return try CELValue.call(function, try values(of: arguments))
        case .matches(let operand, let pattern):
            guard case .string(let text) = try value(of: operand) else { throw .noSuchOverload }
            return .bool(try pattern.get().matches(text))
        case .comprehension(let comprehension): return try walk(comprehension)
        }
    }

    private mutating func values(of nodes: [Code]) throws(CELFailure) -> [CELValue] {
        var values: [CELValue] = []
        values.reserveCapacity(nodes.count)
        for node in nodes { values.append(try value(of: node)) }
        return values
    }

    private func variable(_ name: String) throws(CELFailure) -> CELValue {
        if let local = locals.last(where: { $0.name == name }) { return local.value }
        if let value = variables[name] { return value }
        throw CELFailure("no such attribute(s): \(name)")
    }

    private mutating func map(
        _ entries: [(key: Code, value: Code)]
    ) throws(CELFailure) -> CELValue {
        var made: [CELMap.Entry] = []
        for entry in entries {
            let key = try value(of: entry.key)
            let entry = CELMap.Entry(key: key, value: try value(of: entry.value))
            if made.contains(where: { $0.key == key }) {
                throw CELFailure("Failed with repeated key")
            }
            made.append(entry)
        }
        return .map(.entries(made))
    }

    /// `&&` and `||`: whichever side decides wins over an error on the other, in either order.
    private mutating func logic(
        _ terms: [Code], decidedBy deciding: Bool
    ) throws(CELFailure) -> CELValue {
        var failure: CELFailure?
        for term in terms {
            do throws(CELFailure) {
                guard case .bool(let isTrue) = try value(of: term) else { throw .noSuchOverload }
                if isTrue == deciding { return .bool(deciding) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }

    // MARK: Comprehensions

    private mutating func walk(_ code: ComprehensionCode) throws(CELFailure) -> CELValue {
        let elements = try Self.elements(of: try value(of: code.range))
        switch code.macro {
        case .all: return try quantify(code, elements, decidedBy: false)
        case .exists: return try quantify(code, elements, decidedBy: true)
        case .existsOne: return .bool(try chosen(code, elements).count == 1)
        case .filter: return .list(try chosen(code, elements))
        case .map:
            guard let transform = code.transform else { return .list(elements) }
            var made: [CELValue] = []
            for element in try chosen(code, elements) {
                made.append(try value(of: transform, with: code.variable, as: element))
            }
            return .list(made)
        }
    }

    private static func elements(of range: CELValue) throws(CELFailure) -> [CELValue] {
        switch range {
        case .list(let elements): return elements
        case .map(let map): return map.keys
        default: throw CELFailure("got '\(range.goTypeName)', expected iterable type")
        }
    }

    private mutating func value(
        of node: Code, with variable: String, as element: CELValue
    ) throws(CELFailure) -> CELValue {
        locals.append((variable, element))
        defer { locals.removeLast() }
        return try value(of: node)
    }

    private mutating func quantify(
        _ code: ComprehensionCode, _ elements: [CELValue], decidedBy deciding: Bool
    ) throws(CELFailure) -> CELValue {
        var failure: CELFailure?
        for element in elements {
            do throws(CELFailure) {
                if try isChosen(element, code) == deciding { return .bool(deciding) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }

    private mutating func chosen(
        _ code: ComprehensionCode, _ elements: [CELValue]
    ) throws(CELFailure) -> [CELValue] {
        var chosen: [CELValue] = []
        for element in elements where try isChosen(element, code) { chosen.append(element) }
        return chosen
    }

    private mutating func isChosen(
        _ element: CELValue, _ code: ComprehensionCode
    ) throws(CELFailure) -> Bool {
        guard let predicate = code.predicate else { return true }
        let answer = try value(of: predicate, with: code.variable, as: element)
        guard case .bool(let isChosen) = answer else { throw .noSuchOverload }
        return isChosen
    }
}
