internal import Scenarios
internal import Transport

/// `--watch`: runs once, and again whenever a file changes in the scenarios' folders or in one right
/// below them.
struct ScenarioWatch {
    private let scenarios: ScenarioRun
    private let stop: ScenarioStop
    /// How often changes are looked for; an editor that writes and renames is done by then.
    private static let pause = Duration.milliseconds(50)

    init(_ scenarios: ScenarioRun, _ stop: ScenarioStop) {
        self.scenarios = scenarios
        self.stop = stop
    }

    /// - Returns: what the last run came to, once a signal ends the watch.
    func run() async throws -> ScenarioRun.Status {
        let folders = try folders()
        let (scenarios, interruption) = (scenarios, stop.interruption)
        return try await EventLoop.forCommand().run { (loop) throws -> ScenarioRun.Status in
            let watch = try FolderWatch(folders, on: loop.reactor)
            var status = ScenarioRun.Status.ok
            while !interruption.isTriggered {
                let hadFolder = LastFailed.hasFolder
                status = try await Self.once(scenarios)
                // What the run itself has written is no change of somebody's.
                if scenarios.writesFiles || LastFailed.hasFolder != hadFolder {
                    _ = watch.hasChanged()
                }
                StandardError.write("watching \(folders.joined(separator: ", ")), Ctrl-C ends it")
                while !interruption.isTriggered, !watch.hasChanged() {
                    await loop.reactor.sleep(for: Self.pause)
                }
            }
            watch.close()
            return status
        }
    }

    /// A file that is wrong is told, and will be mended.
    private static func once(_ scenarios: ScenarioRun) async throws -> ScenarioRun.Status {
        do { return try await scenarios.once() } catch let failure as Failure
            where failure.status == .file
        {
            StandardError.write(failure.message)
            return .wrong
        }
    }

    private func folders() throws(Failure) -> [String] {
        var folders: Set<String> = []
        for file in try ScenarioFiles.find(scenarios.selection.names) {
            let folder = ScenarioFiles.folder(of: file)
            guard folders.insert(folder).inserted else { continue }
            for name in FileContents.names(in: folder) ?? [] where !Self.isPassedOver(name) {
                let inner = "\(folder)/\(name)"
                if FileContents.isFolder(inner) { folders.insert(inner) }
            }
        }
        return folders.sorted()
    }

    /// What programs write for themselves: `.fakedapr`, `__pycache__`.
    private static func isPassedOver(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix("__")
    }
}
