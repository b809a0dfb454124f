internal import Glibc

/// Threads of our own: a loop's, SQLite's, a guest's.
package enum Thread {
    /// Runs `body` on a new detached thread.
    ///
    /// - Parameter stackSize: bytes; nil takes the system's default.
    package static func start(
        stackSize: Int? = nil, _ body: sending @escaping () -> Void
    ) throws(SystemError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackSize { unsafe pthread_attr_setstacksize(&attributes, stackSize) }
        // Safe: the box is retained here and released by the thread that takes it.
        let box = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box)
        guard code != 0 else { return }
        unsafe Unmanaged<Body>.fromOpaque(box).release()
        throw SystemError("pthread_create", code: code)
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
