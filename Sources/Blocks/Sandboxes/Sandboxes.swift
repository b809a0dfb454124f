package import Transport

/// What a new sandbox is to be.
package struct SandboxWish: Sendable {
    /// nil for one of its own making.
    package var id: String?
    /// Whether each of its apps gets a port; any request reaches it by the header as well.
    package var hasPorts = false
    /// How long nobody may have used it until it is deleted; nil for ever.
    package var idle: Duration? = .seconds(600)
    /// What its random source begins with; nil for something random.
    package var seed: UInt64?
    /// How its clock goes; nil for as the default one's did at first.
    package var clock: ClockSetting?

    package init() {}
}

/// A sandbox that was made at run time, with sidecars of the default one's apps.
package protocol HostedSandbox: AnyObject {
    var sandbox: Sandbox { get }
    /// Where its apps' sidecars listen; empty without ports.
    var urls: [(appID: String, url: String)] { get }
    /// Ends deliveries, connections and back ends, and removes what they kept.
    func close() async
}

/// Makes sandboxes. Which parts they are of is known above this layer only.
package protocol SandboxMaker: AnyObject {
    /// A sandbox with a sidecar for each app of the default one, ready for requests.
    func make(
        _ id: String, _ wish: SandboxWish, in sandboxes: Sandboxes
    ) async throws(Sandbox.ContentsFailure) -> any HostedSandbox
}

/// The sandboxes of a process beside its default one, and the snapshots that all of them share.
///
/// All live on the loop of the default one, to which this is confined.
package final class Sandboxes {
    /// Why none was made.
    package enum Problem: Error, Equatable {
        case exists(String)
        case badID(String)
        case tooMany
        case failed(String)
    }

    /// Sandboxes at a time at most.
    package static let limit = 1_000

    package let snapshots = Snapshots()
    private let maker: any SandboxMaker
    private let reactor: Reactor
    private var hosted: [String: Entry] = [:]
    private var made = 0

    private struct Entry {
        let hosted: any HostedSandbox
        let idle: Duration?
        /// Looks whether it is idle.
        var timer: UInt64?
    }

    package init(_ maker: any SandboxMaker, on reactor: Reactor) {
        self.maker = maker
        self.reactor = reactor
    }

    /// Those there are, ordered by id.
    package var all: [any HostedSandbox] {
        hosted.sorted { $0.key < $1.key }.map(\.value.hosted)
    }

    package subscript(id: String) -> (any HostedSandbox)? { hosted[id]?.hosted }

    /// How long a sandbox may be idle.
    package func idle(of id: String) -> Duration? { hosted[id]?.idle }

    // MARK: Coming and going

    package func make(_ wish: SandboxWish) async throws(Problem) -> any HostedSandbox {
        let id = try id(wish)
        guard hosted.count < Self.limit else { throw .tooMany }
        let new: any HostedSandbox
        do throws(Sandbox.ContentsFailure) {
            new = try await maker.make(id, wish, in: self)
        } catch {
            throw .failed(error.text)
        }
        guard hosted[id] == nil else {
            // Another request was faster.
            await new.close()
            throw .exists(id)
        }
        hosted[id] = Entry(hosted: new, idle: wish.idle)
        new.sandbox.use.begin(at: Reactor.monotonicNow())
        new.sandbox.use.end(at: Reactor.monotonicNow())
        if let idle = wish.idle { watch(new, idle) }
        return new
    }

    private func id(_ wish: SandboxWish) throws(Problem) -> String {
        guard let id = wish.id else {
            repeat { made += 1 } while hosted["sandbox-\(made)"] != nil
            return "sandbox-\(made)"
        }
        guard id != "default", Self.isName(id) else { throw .badID(id) }
        guard hosted[id] == nil else { throw .exists(id) }
        return id
    }

    /// Whether a sandbox or a snapshot may be called so: the name stands in paths and keys.
    package static func isName(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39) ~= $0 || (0x41...0x5A) ~= $0 || (0x61...0x7A) ~= $0
                || [0x2D, 0x2E, 0x5F].contains($0)
        }
        return isPlain && !text.isEmpty && text.utf8.count <= 100 && !text.hasPrefix(".")
    }

    /// Deletes a sandbox.
    ///
    /// - Parameter isWaiting: whether to return when it is gone; otherwise its requests under way are
    ///   answered first.
    /// - Returns: whether there was one.
    package func remove(_ id: String, isWaiting: Bool = true) async -> Bool {
        guard let entry = hosted.removeValue(forKey: id) else { return false }
        if let timer = entry.timer { reactor.cancelTimer(timer) }
        if isWaiting {
            await entry.hosted.close()
        } else {
            entry.hosted.sandbox.loop.spawn { await entry.hosted.close() }
        }
        return true
    }

    /// Deletes all of them.
    package func close() async {
        for id in hosted.keys.sorted() { _ = await remove(id) }
    }

    // MARK: Idle ones

    /// Real time: a clock that stands still would keep them for ever.
    private func watch(_ new: any HostedSandbox, _ idle: Duration) {
        let sandbox = new.sandbox
        // With a request under way the last use is now, however long ago it began.
        let last = sandbox.use.isUnderWay ? Reactor.monotonicNow() : sandbox.use.last
        let end = last + idle.nanoseconds
        hosted[new.sandbox.id]?.timer = reactor.setTimer(at: end) { [weak self, weak new] in
            guard let self, let new, self.hosted[sandbox.id]?.hosted === new else { return }
            let isIdle =
                !sandbox.use.isUnderWay
                && sandbox.use.last + idle.nanoseconds <= Reactor.monotonicNow()
            guard isIdle else { return self.watch(new, idle) }
            sandbox.loop.spawn { _ = await self.remove(sandbox.id) }
        }
    }
}

/// When a sandbox was used last. Confined to its loop.
package final class SandboxUse {
    private var requests = 0
    package private(set) var last: MonotonicTime = 0

    package var isUnderWay: Bool { requests > 0 }

    package func begin(at time: MonotonicTime) {
        requests += 1
        last = time
    }

    package func end(at time: MonotonicTime) {
        requests -= 1
        last = time
    }
}
