import Foundation
import TestSupport
import Testing
import Transport

/// A text that the program prints, beside the one it is to print. With `GOLDEN=write` in the
/// environment the files are written anew.
enum Golden {
    static func expect(_ text: String, is name: String) throws {
        let path = "\(Fakedapr.checkout)/Tests/Golden/\(name)"
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try FileContents.write(Array(text.utf8), to: path)
        }
        let golden = String(decoding: try FileContents.read(path), as: UTF8.self)
        #expect(text == golden, "not as \(path)")
    }
}

extension ServeProcess {
    /// `serve` on a folder's resources, working in that folder.
    convenience init(
        _ folder: TemporaryFolder, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws {
        try self.init(
            ["--resources-path", folder.path] + arguments, environment: environment,
            folder: folder.path)
    }

    /// One request on a connection of its own.
    func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: String? = nil
    ) throws -> WireResponse {
        try client().request(method, target, headers: headers, body: body)
    }

    func save(_ key: String, _ value: String, in store: String = "statestore") throws -> Int {
        try request(
            "POST", "/v1.0/state/\(store)", body: #"[{"key":"\#(key)","value":\#(value)}]"#
        ).status
    }

    func value(_ key: String, in store: String = "statestore") throws -> String {
        try request("GET", "/v1.0/state/\(store)/\(key)").text
    }

    /// Waits for a line in what was written to standard error.
    func log(_ text: String) throws {
        try Deadline.wait("the log to tell \(text)") { process.errors.contains(text) }
    }
}

extension TemporaryFolder {
    /// A component's file: its type and settings, and what else stands at its top.
    @discardableResult
    func component(
        _ name: String, _ type: String, _ settings: [(String, String)] = [], file: String? = nil,
        spec: String = "", top: String = ""
    ) throws -> String {
        var text = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: \(name)
            spec:
              type: \(type)
              version: v1
            \(spec)
            """
        if !settings.isEmpty {
            text += "\n  metadata:\n"
            for (name, value) in settings { text += "  - name: \(name)\n    \(value)\n" }
        }
        return try write(file ?? "\(name).yaml", "\(text)\n\(top)\n")
    }
}
