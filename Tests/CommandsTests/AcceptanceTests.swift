import Foundation
import TestSupport
import Testing
import Transport

/// Real applications of real frameworks, started by one run file.
@Suite struct AcceptanceTests {
    static let messages = 40

    private static func folder(_ subscriber: String, publisherFirst: Bool) throws
        -> TemporaryFolder
    {
        let folder = try TemporaryFolder()
        for name in ["shared", "sub", "pub"] {
            try FileContents.makeFolder("\(folder.path)/\(name)")
        }
        let publisher = """
            - { appDirPath: pub, command:
                [\(PythonApps.interpreter), \(PythonApps.path("publisher"))] }
            """
        let taker = """
            - { appDirPath: sub, appPort: \(try FreePort.find()), command:
                [\(PythonApps.interpreter), \(PythonApps.path(subscriber))] }
            """
        try folder.write(
            "dapr.yaml",
            """
            version: 1
            common: { resourcesPath: shared, env: { MESSAGES: \(messages) } }
            apps:
            \(publisherFirst ? publisher : taker)
            \(publisherFirst ? taker : publisher)
            """)
        return folder
    }

    /// The numbers behind a word in one application's lines, in order.
    private static func numbers(_ word: String, _ app: String, in output: String) -> [Int] {
        output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("== APP - \(app) == \(word) ") else { return nil }
            let rest = line.dropFirst("== APP - \(app) == \(word) ".count)
            return Int(rest.prefix { $0.isNumber })
        }
    }

    @Test(arguments: Broker.allCases, ["flask_subscriber", "fastapi_subscriber"])
    func `a publisher and a subscriber exchange all messages, whoever is first`(
        broker: Broker, subscriber: String
    ) async throws {
        let run = try await OffPool.run {
            let folder = try Self.folder(subscriber, publisherFirst: true)
            let server = try broker.write(to: folder)
            defer { server?.stop() }
            return try Fakedapr.run(["run", "-f", "."], folder: folder.path)
        }
        #expect(run.status == 0, "\(run.output)\n\(run.errors)")
        #expect(run.errors == "")
        let all = Array(1...Self.messages)
        #expect(Self.numbers("published", "pub", in: run.output) == all)
        let received = Self.numbers("received", "sub", in: run.output)
        // Redis hands out ten at a time; the others keep the order. Lines of parallel requests may
        // change places.
        #expect(Set(received) == Set(all))
        if broker == .memory { #expect(received.count == all.count) }
        #expect(run.output.contains("== APP - sub == got \(Self.messages)\n"))
        let lines = run.output.split(separator: "\n").filter { $0.contains(" == received ") }
        if subscriber == "fastapi_subscriber" {
            // By the event's type.
            for line in lines {
                let number = Int(line.split(separator: " ")[6]) ?? 0
                #expect(line.hasSuffix(number % 2 == 0 ? " /urgent" : " /orders"))
            }
        } else {
            for line in lines { #expect(line.hasSuffix(" application/cloudevents+json pub")) }
        }
    }
}
