internal import Backends
internal import JSON
internal import Transport

/// A running sidecar, as other processes of this user see it.
struct SidecarEntry: Sendable {
    var appID: String
    /// Where it answers HTTP.
    var address: SocketAddress
    var grpcPort: UInt16
    var appPort: UInt16?
    /// What it wants in `dapr-api-token`.
    var token: String?
    var command = ""
    /// Seconds since 1970.
    var created: Int64
    /// The process that has it, and that `run` is.
    var processID: Int32
    var appProcessID: Int32?
    /// How many sidecars that process has.
    var shares = 1
    var runFile = ""
    var runName = ""
    var appLog = ""
    var sidecarLog = ""
    /// Where it listens for pokes.
    var socket = ""

    var httpPort: UInt16 { address.port }

    // MARK: JSON

    var json: [UInt8] {
        var writer = JSONWriter(escapesHTML: false)
        writer.beginObject()
        for (name, text) in texts where !text.isEmpty { writer.member(name, text) }
        for (name, number) in numbers where number != 0 {
            writer.key(name)
            writer.number(number)
        }
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private var texts: [(String, String)] {
        let (host, path) =
            if case .unix(let path) = address { ("", path) } else { (address.host, "") }
        return [
            ("appId", appID), ("host", host), ("path", path), ("token", token ?? ""),
            ("command", command), ("runFile", runFile), ("runName", runName), ("appLog", appLog),
            ("sidecarLog", sidecarLog), ("socket", socket),
        ]
    }

    private var numbers: [(String, Int)] {
        [
            ("httpPort", Int(httpPort)), ("grpcPort", Int(grpcPort)),
            ("appPort", Int(appPort ?? 0)), ("created", Int(created)),
            ("processId", Int(processID)), ("appProcessId", Int(appProcessID ?? 0)),
            ("shares", shares),
        ]
    }

    init(
        appID: String, address: SocketAddress, grpcPort: UInt16, appPort: UInt16?, token: String?
    ) {
        self.appID = appID
        self.address = address
        self.grpcPort = grpcPort
        self.appPort = appPort
        self.token = token
        created = RealClock().now.seconds
        processID = ProcessEnvironment.processID
    }

    /// nil for what none of ours has written.
    init?(json bytes: [UInt8]) {
        guard let value = try? JSONValue.parse(bytes[...]) else { return nil }
        func text(_ name: String) -> String { value[name]?.string ?? "" }
        func number(_ name: String) -> Int { value[name]?.double.flatMap(Int.init(exactly:)) ?? 0 }
        func port(_ name: String) -> UInt16 { UInt16(exactly: number(name)) ?? 0 }
        if !text("path").isEmpty {
            address = .unix(path: text("path"))
        } else if let numeric = SocketAddress(numeric: text("host"), port: port("httpPort")) {
            address = numeric
        } else {
            return nil
        }
        appID = text("appId")
        guard !appID.isEmpty else { return nil }
        grpcPort = port("grpcPort")
        appPort = port("appPort") == 0 ? nil : port("appPort")
        token = text("token").isEmpty ? nil : text("token")
        command = text("command")
        created = Int64(number("created"))
        processID = Int32(clamping: number("processId"))
        appProcessID = number("appProcessId") == 0 ? nil : Int32(clamping: number("appProcessId"))
        shares = max(1, number("shares"))
        runFile = text("runFile")
        runName = text("runName")
        appLog = text("appLog")
        sidecarLog = text("sidecarLog")
        socket = text("socket")
    }
}
