/// The bounds of a YAML text. A text at a bound is read, one past it is refused.
package struct YAMLLimits: Sendable {
    /// Of the whole file.
    package var bytes = 4 << 20
    /// Lists and mappings inside each other, aliases followed.
    package var depth = 64
    /// Nodes of one document, those that aliases repeat included.
    package var nodes = 200_000
    /// Aliases of one document.
    package var aliases = 1_000
    /// Warnings that one file may cause; further ones are dropped.
    package var warnings = 100

    package init() {}
}
