/// Work that blocks, such as reading files, on a thread of its own.
package enum BackgroundWork {
    /// Runs `body` and suspends the calling task, which runs on the loop of `reactor`, until its end.
    package static func run<R: Sendable>(
        on reactor: Reactor, _ body: @escaping @Sendable () -> R
    ) async -> R {
        await Suspension.suspend { suspension in
            do throws(SystemError) {
                try Thread.start {
                    let result = body()
                    reactor.post { suspension.resume(returning: result) }
                }
            } catch {
                // Without a thread it is done here: late is better than never.
                suspension.resume(returning: body())
            }
        }
    }
}
