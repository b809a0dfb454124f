package import Bytes

/// A message's body that comes in pieces, read by one task of one loop.
///
/// Who reads slowly makes the sender slow: nothing is read ahead of what was asked for.
package protocol BodySource: AnyObject {
    /// How many bytes are still to come; nil when only the end will tell.
    var remaining: Int? { get }

    /// The next piece, never empty; nil at the end.
    func next() async throws(BodySourceError) -> ByteSlice?

    /// Ends a `next` that waits, and whatever fills the source: nobody wants the rest.
    func cancel()
}

/// Why a body ended before its end.
package enum BodySourceError: Error, Equatable {
    /// It went beyond the bound of its reader.
    case tooLarge
    /// The sender went away.
    case incomplete
    /// The sender sent nothing for too long.
    case timedOut
    /// Its framing is broken, and how.
    case malformed(String)
}
