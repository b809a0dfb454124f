package import Transport

/// Runs `body` on a loop of its own.
package func onLoop<R: Sendable>(
    _ body: @Sendable (isolated EventLoop) async throws -> R
) async throws -> R {
    let loop = try EventLoop()
    defer { loop.stop() }
    return try await loop.run { (loop) throws in try await body(loop) }
}
