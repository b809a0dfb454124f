/// A component that is described and that a sidecar does not have.
package struct AbsentComponent: Sendable, Equatable {
    package var name: String
    package var type: String
    /// Why: *it is for the apps a and b only*.
    package var reason: String

    package init(name: String, type: String, reason: String) {
        self.name = name
        self.type = type
        self.reason = reason
    }
}
