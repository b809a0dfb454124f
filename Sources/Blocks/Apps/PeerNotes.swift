/// Short notes between the sandboxes of several processes that share something: a file of messages.
/// They may be lost; who waits for one looks by itself now and then.
package protocol PeerNotes: AnyObject {
    /// Tells others that something has changed.
    func tell(_ subject: String)

    /// Calls `body`, on the sandbox's loop, when another process tells so.
    func listen(for subject: String, _ body: @escaping () -> Void)
}
