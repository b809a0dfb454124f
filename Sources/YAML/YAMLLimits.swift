/// The bounds of a YAML text.
package struct YAMLLimits: Sendable {
    package var bytes = 4 << 20
    package var depth = 64
    /// Nodes of one document, those that aliases repeat included.
    package var nodes = 200_000

    package init() {}
}
