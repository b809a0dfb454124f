/// A node of a parsed expression.
struct Node: Sendable {
    indirect enum Kind: Sendable {
        case constant(CELValue)
        case identifier(String)
        case select(Node, field: String)
        /// `has(operand.field)`
        case has(Node, field: String)
        case index(Node, Node)
        case and([Node])
        case or([Node])
        case conditional(Node, Node, Node)
        case list([Node])
        case map([(key: Node, value: Node)])
        /// `isMember` where the first argument stands before a dot.
        case call(String, [Node], isMember: Bool)
        case comprehension(Comprehension)
        /// `Name{…}`, which no standard type is made with here.
        case message(String)
    }

    let kind: Kind
    /// Where messages about it point.
    let offset: Int
    /// Levels below it and itself.
    let height: Int

    init(_ kind: Kind, at offset: Int, height: Int) {
        self.kind = kind
        self.offset = offset
        self.height = height
    }
}

/// A macro that walks a list or the keys of a map.
struct Comprehension: Sendable {
    enum Macro: String, Sendable {
        case all
        case exists
        case existsOne = "exists_one"
        case map
        case filter
    }

    let macro: Macro
    let range: Node
    let variable: String
    /// What each element is asked; nil for a `map` of two arguments.
    let predicate: Node?
    /// What `map` makes of an element.
    let transform: Node?
}
