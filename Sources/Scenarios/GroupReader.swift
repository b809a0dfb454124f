internal import Matching
internal import YAML

/// Steps that hold steps.
extension StepReader {
    /// `steps: […]`, `parallel: […]`, or `include: FILE` with variables.
    func group(_ node: YAMLNode, _ action: YAMLNode.Member) throws(Diagnostic) -> Step {
        let own = action.name == "include" ? ["include", "with"] : [action.name]
        let reader = try KeyedReader(
            node, in: source, keys: own + ["name", "timeout", "foreach"])
        var group = StepGroup(steps: [])
        switch action.name {
        case "include":
            group.steps = try included(action.value)
            group.rounds = [try bindings(reader["with"])]
        default: group.steps = try read(action.value)
        }
        group.isParallel = action.name == "parallel"
        group.timeout = try source.duration(reader["timeout"])
        return made(try source.text(reader["name"]) ?? "", node, .group(group))
    }

    private func bindings(_ node: YAMLNode?) throws(Diagnostic) -> StepGroup.Round {
        guard let node else { return [] }
        var bindings: StepGroup.Round = []
        for member in try source.members(node) { bindings += try values(member.name, member.value) }
        return bindings
    }

    /// A value, and by `name.member` those inside a mapping.
    private func values(
        _ name: String, _ node: YAMLNode
    ) throws(Diagnostic) -> StepGroup.Round {
        guard let members = node.mapping else { return [(name, try source.template(node))] }
        var values: StepGroup.Round = []
        for member in members { values += try self.values("\(name).\(member.name)", member.value) }
        return values
    }

    // MARK: Rounds

    /// Every combination of the values of its variables, the last one turning fastest.
    func rounds(_ node: YAMLNode) throws(Diagnostic) -> [StepGroup.Round] {
        var rounds: [StepGroup.Round] = [[]]
        for member in try source.members(node) {
            let choices = try self.choices(member.name, member.value)
            rounds = rounds.flatMap { round in choices.map { round + $0 } }
            guard rounds.count <= Self.maxRounds else {
                throw source.refused("more than \(Self.maxRounds) rounds", node)
            }
        }
        guard rounds.first?.isEmpty == false else {
            throw source.refused(
                "`foreach` names no variable", node, hint: "write `foreach: { key: [a, b] }`")
        }
        return rounds
    }

    private static let maxRounds = 100_000

    /// A list of values, or whole numbers `from` and `to`.
    private func choices(
        _ name: String, _ node: YAMLNode
    ) throws(Diagnostic) -> [StepGroup.Round] {
        if node.mapping != nil {
            let reader = try KeyedReader(node, in: source, keys: ["from", "to"])
            let from = try source.int(try reader.required("from"))
            let to = try reader.required("to")
            let end = try source.int(to, in: from...max(from, from &+ Self.maxRounds))
            return (from...end).map { [(name, Template(String($0), at: to.span))] }
        }
        var choices: [StepGroup.Round] = []
        for item in try source.list(node) { choices.append(try values(name, item)) }
        guard !choices.isEmpty else {
            throw source.refused("an empty list does nothing", node)
        }
        return choices
    }

    // MARK: Other files

    /// The steps of another file: `version: 1` and `steps`.
    private func included(_ node: YAMLNode) throws(Diagnostic) -> [Step] {
        let path = FilePath.path(of: try source.text(of: node), in: folder)
        guard !(includedBy + [source.name]).contains(path) else {
            throw source.refused("\(path) includes itself", node)
        }
        guard let text = readFile(path) else {
            throw source.refused(
                "there is no file \(path)", node,
                hint: "what is included is relative to this file")
        }
        let reader = StepReader(
            source: text, folder: FilePath.folder(of: path), readFile: readFile,
            includedBy: includedBy + [source.name])
        let root = try YAMLParser.document(of: text)
        let keys = try KeyedReader(root, in: text, keys: ["version", "steps"])
        let version = try keys.required("version")
        guard version.int == 1 else { throw text.refused("`version` is to be 1", version) }
        return try reader.read(try keys.required("steps"))
    }
}
