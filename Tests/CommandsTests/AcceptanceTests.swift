import Foundation
import TestSupport
import Testing
import Transport

/// Real applications of real frameworks, started by one run file.
@Suite(.serialized) struct AcceptanceTests {
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
            return try Fakedapr.run(["run", "-f", "."], folder: folder.path, within: .seconds(60))
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

    /// Calls the other until it is there, publishes, and ends when the other has published.
    private static let friend = """
        from dapr_app import *
        me, other = os.environ["APP_ID"], os.environ["OTHER"]
        met = threading.Event()
        def take(handler, body):
            event = json.loads(body)
            handler.answer()
            if event["source"] == other:
                tell("got", event["data"], "from", other)
                met.set()
        def hello(handler, body):
            handler.answer(200, "hello " + handler.headers["dapr-caller-app-id"] + ", " + body)
        serve({"/dapr/subscribe": subscribe(pubsubname="pubsub", topic="t", route="/t"),
               "/t": take, "/hello": hello})
        until_ready()
        while True:
            status, text, _ = call("POST", f"/v1.0/invoke/{other}/method/hello", "here is " + me)
            if status == 200:
                break
        tell(text)
        call("POST", "/v1.0/publish/pubsub/t", json.dumps(me), {"Content-Type": "application/json"})
        met.wait()
        """

    @Test func `two runs in two folders call each other and share topics`() async throws {
        let runs = try await OffPool.run {
            let (home, folders) = (try TemporaryFolder(), [try TemporaryFolder(), try .init()])
            let names = ["one", "two"]
            let runs = try names.indices.map { index in
                try folders[index].write("app.py", Self.friend)
                return try FakedaprProcess(
                    [
                        "run", "--app-id", names[index], "--app-port", "\(try FreePort.find())",
                        "--", PythonApps.interpreter, "app.py",
                    ],
                    environment: [
                        "HOME": home.path, "OTHER": names[1 - index],
                        "PYTHONPATH": PythonApps.folder, "PYTHONDONTWRITEBYTECODE": "1",
                    ], folder: folders[index].path)
            }
            return try runs.map { (try $0.waitForExit(within: .seconds(60)), $0.output) }
        }
        for ((status, output), (me, other)) in zip(runs, [("one", "two"), ("two", "one")]) {
            #expect(status == 0)
            #expect(output.contains("TOLD hello \(me), here is \(me)\n"))
            #expect(output.contains("TOLD got \(other) from \(other)\n"))
        }
    }
}
