/// A suspended task, to be resumed exactly once.
///
/// `withUnsafeContinuation` in a type of its own: the checked one costs an allocation at each wait
/// of each request. Whoever stores one takes it out before resuming it.
@safe package struct Suspension<Value>: @unchecked Sendable {
    private let continuation: UnsafeContinuation<Value, Never>

    /// Suspends the calling task and hands `body` what resumes it.
    ///
    /// - Parameter isolation: the caller's; handed on, because a continuation taken without it is
    ///   resumed by way of the global pool.
    package static func suspend(
        isolation: isolated (any Actor)? = #isolation, _ body: (Suspension<Value>) -> Void
    ) async -> Value {
        // Safe as long as `body`'s receiver resumes once; see the type's comment.
        unsafe await withUnsafeContinuation(isolation: isolation) {
            unsafe body(Suspension(continuation: $0))
        }
    }

    private init(continuation: UnsafeContinuation<Value, Never>) {
        unsafe self.continuation = continuation
    }

    /// Lets the task go on with `value`.
    package func resume(returning value: sending Value) {
        unsafe continuation.resume(returning: value)
    }
}

extension Suspension<Void> {
    /// Lets the task go on.
    package func resume() { resume(returning: ()) }
}
