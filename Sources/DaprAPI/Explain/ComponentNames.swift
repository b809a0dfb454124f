internal import Blocks
internal import YAML

/// What a name that no component has was likely to be.
struct ComponentNames {
    enum Kind: String {
        case state = "state store"
        case pubSub = "pub/sub component"
        case secrets = "secret store"

        fileprivate var category: String {
            switch self {
            case .state: "state"
            case .pubSub: "pubsub"
            case .secrets: "secretstores"
            }
        }
    }

    private let byKind: [(kind: Kind, names: [String])]
    private let absent: [AbsentComponent]

    init(_ sidecar: Sidecar) {
        byKind = [
            (.state, sidecar.stateComponents.map(\.name)),
            (.pubSub, sidecar.pubSubComponents.map(\.name)),
            (.secrets, sidecar.secretComponents.map(\.name)),
        ]
        absent = sidecar.absent
    }

    func hint(for name: String, among kind: Kind) -> String? {
        if let found = absent.first(where: { $0.name == name }) {
            return "the component \(name) (\(found.type)) is not there: \(found.reason)"
        }
        if let other = byKind.first(where: { $0.names.contains(name) }), other.kind != kind {
            return "\(name) is a \(other.kind.rawValue), not a \(kind.rawValue)"
        }
        let names = byKind.first { $0.kind == kind }?.names ?? []
        guard !names.isEmpty else {
            return "this sidecar has no \(kind.rawValue): add a Component of a type "
                + "\(kind.category).… to its resources"
        }
        return Suggestion.hint(for: name, among: names)
    }
}
