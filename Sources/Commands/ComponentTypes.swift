internal import Blocks
internal import YAML

/// All types we have.
enum ComponentTypes {
    static let all =
        StateType.allCases.map(\.rawValue) + BrokerType.allCases.map(\.rawValue)
        + SecretStoreType.allCases.map(\.rawValue)

    /// `did you mean …?` for a type that is nearly one of ours. Within a category only what follows
    /// its dot is compared: what they share says nothing.
    static func suggestion(for type: String) -> String? {
        let (category, rest) = parts(of: type)
        let siblings = all.filter { parts(of: $0).category == category }
        guard siblings.isEmpty else {
            return Suggestion.nearest(to: rest, among: siblings.map { parts(of: $0).rest })
                .map { "did you mean `\(category).\($0)`?" }
        }
        return Suggestion.nearest(to: type, among: all).map { "did you mean `\($0)`?" }
    }

    private static func parts(of type: String) -> (category: String, rest: String) {
        let category = String(type.prefix { $0 != "." })
        return (category, String(type.dropFirst(category.count + 1)))
    }
}

extension StoreOpener {
    /// A mapping that no component needs is likely one that was spelt wrongly.
    func warnAboutIdleMappings(_ components: [Component]) {
        let types = Set(
            components.filter { ["state", "pubsub"].contains($0.category) }.map(\.type)
        ).sorted()
        for mapping in mappings where !types.contains(where: mapping.matches) {
            let hint =
                Suggestion.hint(for: mapping.pattern, among: types)
                ?? "there is no state store and no broker in the resources"
            warn("--map \(mapping.pattern) stands for no component: \(hint)")
        }
    }
}
