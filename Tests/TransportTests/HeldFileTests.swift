import Bytes
import Foundation
import TestSupport
import Testing
import Transport

/// What processes of one user tell each other: files that their owners hold, and notes.
@Suite struct HeldFileTests {
    private static func text(_ path: String) -> String? {
        HeldFile.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a held file is read, anew too, and gone when it is let go of`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x"
        let file = try HeldFile(Array("a".utf8), at: path)
        #expect(Self.text(path) == "a")
        try file.replace(with: Array("b".utf8))
        #expect(Self.text(path) == "b")
        #expect(FileContents.names(in: folder.path) == ["x"])
        file.release()
        #expect(Self.text(path) == nil)
        #expect(FileContents.names(in: folder.path) == [])
    }

    @Test func `a file without an owner is removed when it is read`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("x", "left behind")
        #expect(Self.text(path) == nil)
        #expect(!FileContents.exists(path))
    }

    @Test func `a held file is for its user alone`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x"
        let file = try HeldFile([], at: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        file.release()
    }

    @Test func `a file that cannot be written is told`() {
        #expect(throws: SystemError.self) { try HeldFile([], at: "/nowhere/x") }
    }

    @Test func `a note arrives, and one to nobody is no failure`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let loop = try EventLoop()
        defer { loop.stop() }
        let note = try await loop.run { (loop) async throws -> String in
            let a = try PokeSocket(at: "\(path)/a", on: loop.reactor)
            let b = try PokeSocket(at: "\(path)/b", on: loop.reactor)
            #expect(!a.send([1], to: "\(path)/nobody"))
            #expect(a.send(Array("hello".utf8), to: "\(path)/b"))
            let note = await b.next().map { String(text: $0) } ?? ""
            a.close()
            b.close()
            #expect(await b.next() == nil)
            return note
        }
        #expect(note == "hello")
        #expect(FileContents.names(in: path) == [])
    }
}
