internal import Backends
internal import Bytes
internal import Transport

/// Where lines go: the console, a file, both.
struct LineLog: Sendable {
    /// Standard output is 1.
    let descriptors: [Int32]

    /// - Parameter plain: for files, which hold no colours; nil for the same text.
    func write(_ line: String, plain: String? = nil) {
        for descriptor in descriptors {
            let text = descriptor == 1 ? line : plain ?? line
            StandardStreams.write(Array("\(text)\n".utf8)[...], to: descriptor)
        }
    }
}

/// The log files of one application of a run file: `.dapr/logs` in its folder.
struct AppLogs {
    let folder: String
    let appFile: String?
    let sidecarFile: String?
    let app: LineLog
    let sidecar: LineLog

    init(
        _ appFolder: String, _ id: String, sidecar: RunFile.LogPlace, app: RunFile.LogPlace
    ) throws(Failure) {
        folder = "\(appFolder)/.dapr/logs"
        let now = RealClock().now.seconds
        let time = CivilTime(seconds: now + LocalTime.offset(at: now))
        let stamp =
            time.date.filter { $0 != "-" } + time.time.filter { $0 != ":" }
        appFile = app.hasFile ? "\(folder)/\(id)_app_\(stamp).log" : nil
        sidecarFile = sidecar.hasFile ? "\(folder)/\(id)_daprd_\(stamp).log" : nil
        if appFile != nil || sidecarFile != nil { try Self.make(folder) }
        self.app = try Self.log(appFile, hasConsole: app.hasConsole)
        self.sidecar = try Self.log(sidecarFile, hasConsole: sidecar.hasConsole)
    }

    private static func make(_ folder: String) throws(Failure) {
        do throws(SystemError) { try FileContents.makeFolder(folder) } catch {
            throw Failure(
                .cannotRun, "cannot make the folder of log files \(folder): \(error.reason)")
        }
    }

    private static func log(_ file: String?, hasConsole: Bool) throws(Failure) -> LineLog {
        let console: [Int32] = hasConsole ? [1] : []
        guard let file else { return LineLog(descriptors: console) }
        do throws(SystemError) {
            return LineLog(descriptors: console + [try FileContents.openForAppending(file)])
        } catch {
            throw Failure(.cannotRun, "cannot write the log file \(file): \(error.reason)")
        }
    }
}
