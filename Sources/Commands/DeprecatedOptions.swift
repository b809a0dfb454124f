/// daprd's former options, in the words of those that took their place.
enum DeprecatedOptions {
    /// The old name, the new one, and the unit that the old value was in.
    private static let all = [
        ("--dapr-http-max-request-size", "--max-body-size", "Mi"),
        ("--dapr-http-read-buffer-size", "--read-buffer-size", "Ki"),
    ]

    /// - Parameter arguments: of `serve`, long options with two dashes.
    static func renamed(_ arguments: [String]) -> [String] {
        var renamed: [String] = []
        var words = arguments[...]
        while let word = words.popFirst() {
            let parts = word.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let (_, name, unit) = all.first(where: { $0.0 == parts[0] }),
                let value = parts.count == 2 ? String(parts[1]) : words.popFirst()
            else {
                renamed.append(word)
                continue
            }
            // -1 stands for the default, whatever the unit.
            renamed += [name, value == "-1" ? value : value + unit]
        }
        return renamed
    }
}
