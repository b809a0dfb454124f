import Foundation
import TestSupport
import Transport

/// Applications in Python that speak Dapr's HTTP API, as people write them.
enum PythonApps {
    /// The interpreter that has Flask and FastAPI.
    static let interpreter = "\(Fakedapr.checkout)/.python/bin/python"

    static let folder = "\(Fakedapr.checkout)/Tests/Apps"

    /// One of the applications that lie beside the tests.
    static func path(_ name: String) -> String { "\(folder)/\(name).py" }
}

/// A broker by its resource, and what it needs.
enum Broker: String, CaseIterable, Sendable {
    case memory = "pubsub.in-memory"
    case sqlite = "pubsub.sqlite"
    case redis = "pubsub.redis"

    /// Writes the component `pubsub` to a folder.
    ///
    /// - Returns: what must stay alive for it.
    func write(to folder: TemporaryFolder, file: String = "shared/pubsub.yaml") throws
        -> RedisServer?
    {
        var settings: [(String, String)] = []
        var server: RedisServer?
        switch self {
        case .memory: break
        case .sqlite: settings = [("connectionString", "value: \(folder.path)/messages.db")]
        case .redis:
            let started = try RedisServer()
            settings = [
                ("redisHost", "value: 127.0.0.1:\(started.port)"),
                // Who was killed with a message in hand is not waited for a minute.
                ("processingTimeout", "value: 2s"), ("redeliverInterval", "value: '200'"),
            ]
            server = started
        }
        try folder.component("pubsub", rawValue, settings, file: file)
        return server
    }
}

/// One small application under `fakedapr run`, to its end.
struct SmallApp {
    /// What it told, a line each.
    let told: [String]
    let run: Fakedapr.Outcome

    /// - Parameters:
    ///   - script: Python, with what `Tests/Apps/dapr_app.py` has.
    ///   - hasPort: whether it is a server, at `APP_PORT`.
    static func run(
        _ script: String, hasPort: Bool = false, arguments: [String] = [],
        resources: TemporaryFolder? = nil
    ) async throws -> SmallApp {
        let more = resources.map { ["--resources-path", $0.path] } ?? []
        return try await OffPool.run {
            let folder = try TemporaryFolder()
            try folder.write("app.py", "from dapr_app import *\n\(script)\n")
            let port = hasPort ? ["--app-port", "\(try FreePort.find())"] : []
            let run = try Fakedapr.run(
                ["run", "--app-id", "app"] + port + more + arguments
                    + ["--", PythonApps.interpreter, "\(folder.path)/app.py"],
                environment: ["PYTHONPATH": PythonApps.folder, "PYTHONDONTWRITEBYTECODE": "1"],
                folder: folder.path)
            let told = run.output.split(separator: "\n").filter { $0.hasPrefix("TOLD ") }
            return SmallApp(told: told.map { String($0.dropFirst(5)) }, run: run)
        }
    }
}
