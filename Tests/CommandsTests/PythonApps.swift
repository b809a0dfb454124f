import Foundation
import TestSupport
import Transport

/// Applications in Python that speak Dapr's HTTP API, as people write them.
enum PythonApps {
    /// The interpreter that has Flask and FastAPI.
    static let interpreter = "\(Fakedapr.checkout)/.python/bin/python"

    /// One of the applications that lie beside the tests.
    static func path(_ name: String) -> String { "\(Fakedapr.checkout)/Tests/Apps/\(name).py" }
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
            settings = [("redisHost", "value: 127.0.0.1:\(started.port)")]
            server = started
        }
        try folder.component("pubsub", rawValue, settings, file: file)
        return server
    }
}
