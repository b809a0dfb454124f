import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct FolderWatchTests {
    private func watching(
        _ folders: [String], _ body: @Sendable (FolderWatch, EventLoop) async throws -> Void
    ) async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { (loop) throws in
            let watch = try FolderWatch(folders, on: loop.reactor)
            try await body(watch, loop)
            watch.close()
        }
    }

    @Test func `files that come, change and go are told`() async throws {
        let folder = try TemporaryFolder()
        try await watching([folder.path]) { watch, _ in
            #expect(!watch.hasChanged())
            try folder.write("a", "1")
            #expect(await watch.next(patience: .seconds(30)))
            try folder.write("a", "2")
            #expect(watch.hasChanged())
            #expect(!watch.hasChanged())
            FileContents.remove("\(folder.path)/a")
            #expect(await watch.next(patience: .seconds(30)))
        }
    }

    @Test func `a change wakes who waits`() async throws {
        let folder = try TemporaryFolder()
        try await watching([folder.path]) { watch, loop in
            loop.spawn { _ = try? folder.write("a", "1") }
            #expect(await watch.next(patience: .seconds(30)))
        }
    }

    @Test func `patience ends a wait without a change`() async throws {
        let folder = try TemporaryFolder()
        try await watching([folder.path]) { watch, _ in
            #expect(await watch.next(patience: .milliseconds(1)))
            #expect(!watch.hasChanged())
        }
    }

    @Test func `a folder that comes later is watched`() async throws {
        let folder = try TemporaryFolder()
        let later = "\(folder.path)/later"
        try await watching([later]) { watch, _ in
            try FileContents.makeFolder(later)
            #expect(await watch.next(patience: .milliseconds(1)))
            try FileContents.write([0x31], to: "\(later)/a")
            #expect(watch.hasChanged())
        }
    }

    @Test func `closing ends a wait`() async throws {
        let folder = try TemporaryFolder()
        try await watching([folder.path]) { watch, loop in
            loop.reactor.after(.milliseconds(5)) { watch.close() }
            #expect(await !watch.next(patience: .seconds(30)))
        }
    }

    @Test func `work that blocks runs elsewhere and comes back`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let (isElsewhere, isBack) = await loop.run { loop in
            let reactor = loop.reactor
            let isElsewhere = await BackgroundWork.run(on: reactor) { !reactor.isOnLoop }
            return (isElsewhere, reactor.isOnLoop)
        }
        #expect(isElsewhere && isBack)
    }
}
