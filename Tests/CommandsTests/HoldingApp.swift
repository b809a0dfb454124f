import Foundation
import TestSupport
import Transport

/// `Tests/Apps/holding_app.py`, started by the test and killed by it. At one port, whoever is alive.
final class HoldingApp {
    let port: UInt16
    private let folder: TemporaryFolder
    private let child: Child

    /// Starts it and waits until it listens.
    ///
    /// - Parameter holds: what it does not answer before it is let go: `subscribe`, `delivery`, `call`.
    init(at port: UInt16, holds: String = "") throws {
        self.port = port
        folder = try TemporaryFolder()
        let (output, errors) = (try folder.write("out", ""), try folder.write("err", ""))
        child = try Child(
            [PythonApps.interpreter, PythonApps.path("holding_app")],
            environment: [
                "APP_PORT": "\(port)", "HOLDS": holds, "PYTHONDONTWRITEBYTECODE": "1",
            ], output: output, errors: errors)
        try wait(for: "up")
    }

    private var lines: [String] {
        let bytes = (try? FileContents.read("\(folder.path)/out")) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            String($0.dropFirst("TOLD ".count))
        }
    }

    func count(_ line: String) -> Int { lines.filter { $0 == line }.count }

    func wait(for line: String, times: Int = 1) throws {
        try Deadline.wait("the application to tell \(line)") { count(line) >= times }
    }

    func kill() { child.stop() }

    func letGo() throws {
        let answer = try WireClient(port: port).request("GET", "/release")
        precondition(answer.status == 200)
    }
}
