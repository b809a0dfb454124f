import Foundation
import TestSupport
import Testing
import Transport

/// The gRPC port: open, and honest about it.
@Suite struct GRPCPortTests {
    private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    /// What is answered at the gRPC port of a sidecar.
    private static func answer(
        to pieces: [String], at port: UInt16
    ) throws -> [UInt8] {
        let client = try WireClient(port: port)
        for piece in pieces { try client.send(piece) }
        return Array(try client.readToEnd().utf8)
    }

    private static func serve() throws -> (ServeProcess, grpc: UInt16) {
        let port = try FreePort.find()
        return (try ServeProcess(["--store", "memory", "--dapr-grpc-port", "\(port)"]), port)
    }

    @Test(arguments: [[preface], ["PRI * HT", "TP/2.0\r\n\r\nSM\r\n\r\n"]])
    func `an HTTP/2 client is told that gRPC is not served, by SETTINGS and GOAWAY`(
        pieces: [String]
    ) throws {
        let (serve, port) = try Self.serve()
        let answer = try Self.answer(to: pieces, at: port)
        // Length 0, type 4, no flags, stream 0.
        #expect(answer.starts(with: [0, 0, 0, 4, 0, 0, 0, 0, 0]))
        let goaway = answer.dropFirst(9)
        let length = Int(goaway.prefix(3).reduce(0) { $0 << 8 | UInt32($1) })
        #expect(goaway.dropFirst(3).first == 7)
        #expect(length == goaway.count - 9)
        // No stream was looked at; HTTP_1_1_REQUIRED.
        #expect(Array(goaway.dropFirst(9).prefix(8)) == [0, 0, 0, 0, 0, 0, 0, 0x0D])
        let text = String(decoding: goaway.dropFirst(17), as: UTF8.self)
        #expect(
            text == "fakedapr does not serve gRPC yet: use Dapr's HTTP API at port \(serve.port) "
                + "(in an SDK: its HTTP client)")
        try serve.log("a gRPC client was refused: fakedapr does not serve gRPC yet")
    }

    @Test func `an HTTP/1 client is told too`() throws {
        let (serve, port) = try Self.serve()
        let answer = try Self.answer(
            to: ["GET /v1.0/metadata HTTP/1.1\r\nHost: h\r\n\r\n"], at: port)
        let text = String(decoding: answer, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(
            text.hasSuffix(
                "use Dapr's HTTP API at port \(serve.port) (in an SDK: its HTTP client)\n"))
    }

    @Test func `clients at the gRPC port do not hold a stop`() throws {
        let (serve, port) = try Self.serve()
        let silent = try WireClient(port: port)
        let begin = Reactor.monotonicNow()
        serve.process.signal(SIGTERM)
        #expect(try serve.process.waitForExit() == 0)
        #expect(Reactor.monotonicNow() - begin < Duration.seconds(20).nanoseconds)
        _ = silent
    }

    @Test func `a gRPC port that another program has is a warning`() throws {
        let (first, port) = try Self.serve()
        let second = try ServeProcess(["--store", "memory", "--dapr-grpc-port", "\(port)"])
        try second.log("the gRPC port \(port) is not opened: address already in use")
        _ = first
    }
}
