/// What one part of a step's outcome is to be: `status`, `headers.etag`, `stdout`, ….
package struct Expectation: Sendable {
    package let part: String
    package let matcher: Matcher
    /// Why it is expected when the file does not say so itself.
    package var reason: String?

    package init(part: String, matcher: Matcher, reason: String? = nil) {
        self.part = part
        self.matcher = matcher
        self.reason = reason
    }
}
