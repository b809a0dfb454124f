package import Bytes

/// The head of a request: slices of the bytes that came, nothing copied.
package struct RequestHead: Sendable {
    /// How the body is delimited (RFC 9112 §6.3).
    package enum Framing: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
    }

    /// The whole head, its empty line included.
    package let bytes: ByteSlice
    package let method: ByteSlice
    /// The path as it came, escapes and all; without scheme and authority of an absolute form.
    package let path: ByteSlice
    /// What follows the first `?`; nil without one.
    package let query: ByteSlice?
    package let fields: Fields
    package let framing: Framing
    /// Whether the connection stays open after the answer, as far as the request is concerned.
    package let keepsAlive: Bool
    /// Whether the peer waits for `100 Continue` before it sends the body.
    package let expectsContinue: Bool
    /// Whether the request is HTTP/1.0.
    package let isHTTP10: Bool
}
