import Bytes
import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "0.0.0.0:80"), ("::1", "[::1]:80"),
        ("[::1]", "[::1]:80"), ("::", "[::]:80"), ("fe80::1:2", "[fe80:0:0:0:0:0:1:2]:80"),
        ("255.1.2.3", "255.1.2.3:80"),
    ])
    func `a numeric address is read and written`(text: String, written: String) throws {
        let address = try #require(SocketAddress(numeric: text, port: 80))
        #expect(address.description == written)
        #expect(address.port == 80)
        #expect(address.with(port: 81).port == 81)
    }

    @Test(arguments: ["", "localhost", "127.0.0", "256.0.0.1", "127.0.0.1:80", "[127.0.0.1", ":::"])
    func `a name is no numeric address`(text: String) {
        #expect(SocketAddress(numeric: text, port: 80) == nil)
    }

    @Test func `localhost is both loopback addresses, IPv4 first`() {
        let addresses = Resolver.resolveBlocking("localhost", port: 1)
        #expect(addresses.map(\.description) == ["127.0.0.1:1", "[::1]:1"])
    }

    @Test func `a name that nobody has resolves to nothing`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let found = await loop.run { loop in
            await Resolver.resolve(
                "no such host", port: 1, until: Deadline.after(.seconds(20)), on: loop.reactor)
        }
        #expect(found == [])
    }

    @Test func `no free port is given out twice`() throws {
        // At random some of a thousand in seventeen thousand would come again.
        let ports = try (0..<1000).map { _ in try FreePort.find() }
        #expect(Set(ports).count == 1000)
    }

    @Test func `a free port can be listened at`() throws {
        let ports = try (0..<5).map { _ in try FreePort.find() }
        #expect(ports.allSatisfy { $0 > 0 })
    }
}

@Suite(.timeLimit(.minutes(1))) struct WorkQueueTests {
    @Test func `work is taken in order, at most as much as asked for`() {
        let queue = WorkQueue<Int>()
        for number in 0..<10 { queue.add(number) }
        #expect(queue.take(atMost: 4) == [0, 1, 2, 3])
        #expect(queue.take(atMost: 4) == [4, 5, 6, 7])
        #expect(queue.take(atMost: 4) == [8, 9])
    }

    @Test func `a thread that waits gets all that many others add, each one's in order`() throws {
        let queue = WorkQueue<(adder: Int, number: Int)>()
        let (adders, count) = (4, 2000)
        for adder in 0..<adders {
            try Thread.start {
                for number in 0..<count { queue.add((adder, number)) }
            }
        }
        // All of them add while this takes: it waits again and again.
        var all: [(adder: Int, number: Int)] = []
        while all.count < adders * count { all += queue.take(atMost: 64) }
        for adder in 0..<adders {
            #expect(all.filter { $0.adder == adder }.map(\.number) == Array(0..<count))
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    /// Starts a shell with a script and waits for the file that it writes at last.
    private func output(of script: String, descriptors: UInt64? = nil) throws -> String {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/out"
        let child = try ChildProcess(
            "/bin/sh", ["sh", "-c", "(\(script)) > \(path).tmp; mv \(path).tmp \(path)"],
            descriptors: descriptors)
        defer { child.stop() }
        try Deadline.wait("the child's output") { FileContents.exists(path) }
        return String(text: try FileContents.read(path))
    }

    @Test func `a child runs with its arguments`() throws {
        #expect(try output(of: "echo a 'b c'") == "a b c\n")
    }

    @Test func `a child has the descriptors it is given, whatever we may have`() throws {
        DescriptorLimit.raise()
        #expect(try output(of: "ulimit -Sn", descriptors: 77) == "77\n")
        #expect(try output(of: "ulimit -Hn", descriptors: 77) != "77\n")
    }

    @Test func `a child inherits no descriptor but its standard ones`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        // Open in this process meanwhile: an epoll, an eventfd and a listener.
        let address = try await loop.run { (loop) throws -> SocketAddress in
            try Listener(at: .loopback(port: 0), on: loop.reactor).address
        }
        #expect(address.port > 0)
        let open = try output(of: "for f in /proc/self/fd/*; do readlink $f; done; true")
        #expect(!open.contains("eventpoll"))
        #expect(!open.contains("eventfd"))
    }

    @Test func `a child is in a group of its own and none of its signals is blocked`() throws {
        let status = try output(of: "cat /proc/self/status")
        #expect(status.contains("SigBlk:\t0000000000000000"))
    }

    @Test func `a program that is not there is told as such`() {
        let error = #expect(throws: SystemError.self) {
            try ChildProcess("/nowhere/program", ["program"])
        }
        #expect(error?.reason == "no such file or directory")
    }

    @Test(arguments: [":", "trap '' TERM"])
    func `a child is stopped, one that does not listen as well`(script: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/id"
        let child = try ChildProcess(
            "/bin/sh",
            [
                "sh", "-c",
                "\(script); echo $$ > \(path).tmp; mv \(path).tmp \(path); exec sleep 600",
            ])
        try Deadline.wait("the child's id") { FileContents.exists(path) }
        let id = String(text: try FileContents.read(path)).dropLast()
        #expect(FileContents.exists("/proc/\(id)"))
        child.stop()
        #expect(!FileContents.exists("/proc/\(id)"))
        child.stop()  // A second time does nothing.
    }
}

@Suite struct FileContentsTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func `a file is read as it was written`(count: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        try FileContents.write(bytes, to: "\(folder.path)/f")
        #expect(try FileContents.read("\(folder.path)/f") == bytes)
        // Nothing but the file is left.
        #expect(FileContents.names(in: folder.path) == ["f"])
    }

    @Test func `a file is written anew`() throws {
        let folder = try TemporaryFolder()
        try folder.write("f", "a longer text")
        try folder.write("f", "b")
        #expect(try FileContents.read("\(folder.path)/f") == Array("b".utf8))
    }

    @Test func `what cannot be read or written says why`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: SystemError("open", code: 2)) {
            try FileContents.read("\(folder.path)/none")
        }
        #expect(throws: SystemError("open", code: 2)) {
            try FileContents.write([], to: "\(folder.path)/none/f")
        }
        #expect(throws: SystemError("read", code: 21)) { try FileContents.read(folder.path) }
    }

    @Test func `folders are made with those above them, and removed with what is in them`() throws {
        let folder = try TemporaryFolder()
        let deep = "\(folder.path)/a/b/c"
        try FileContents.makeFolder(deep)
        try FileContents.makeFolder(deep)
        try FileContents.write([1], to: "\(deep)/f")
        #expect(FileContents.exists("\(deep)/f"))
        FileContents.removeFolder("\(folder.path)/a")
        #expect(!FileContents.exists("\(folder.path)/a"))
        #expect(FileContents.names(in: folder.path) == [])
        #expect(FileContents.names(in: deep) == nil)
    }

    @Test func `a folder cannot be made below a file`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("f", "")
        let error = #expect(throws: SystemError.self) {
            try FileContents.makeFolder("\(file)/a")
        }
        #expect(error?.reason == "not a directory")
    }
}
