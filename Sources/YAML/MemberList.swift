/// The members of a mapping while it is read: in the order they were written, found by name.
struct MemberList {
    private var members: [YAMLNode.Member] = []
    private var positions: [String: Int] = [:]

    subscript(name: String) -> YAMLNode.Member? { positions[name].map { members[$0] } }

    /// The value that was written last.
    private(set) var last: YAMLNode?

    /// Adds a member, or puts it in the place of the one of its name.
    mutating func set(_ member: YAMLNode.Member) {
        last = member.value
        if let position = positions[member.name] {
            members[position] = member
        } else {
            positions[member.name] = members.count
            members.append(member)
        }
    }

    /// Whether a key brings in the members of other mappings.
    static func isMerge(_ key: YAMLNode) -> Bool {
        key.text == "<<" && key.scalar?.style == .plain
    }

    /// The members with those that `<<` brings in: what the mapping says itself wins, then what is
    /// merged first.
    func merged() -> [YAMLNode.Member] {
        guard let merge = self["<<"], Self.isMerge(merge.key) else { return members }
        var all = MemberList()
        for member in members where !Self.isMerge(member.key) { all.set(member) }
        for source in merge.value.sequence ?? [merge.value] {
            for member in source.mapping ?? [] where all[member.name] == nil { all.set(member) }
        }
        return all.members
    }
}
