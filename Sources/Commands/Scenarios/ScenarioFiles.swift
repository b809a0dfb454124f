internal import Matching
internal import Scenarios
internal import Transport
internal import YAML

/// The guests of a scenario: there before anything is run.
enum GuestFiles {
    static func check(_ scenario: Scenario) throws(Diagnostic) {
        for step in scenario.leaves {
            guard case .guest(let guest) = step.action, !guest.module.text.contains("${") else {
                continue
            }
            let name = guest.module.text
            let path = step.path(of: name)
            guard !FileContents.exists(path) else { continue }
            throw Diagnostic(
                .error, "there is no guest \(path)", at: guest.module.span, in: step.source,
                hint: "a guest's path is relative to the scenario's file")
        }
    }
}

/// Scenario files by what was typed.
enum ScenarioFiles {
    /// Reads one file.
    static func load(_ path: String) throws(Diagnostic) -> Scenario {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileContents.read(path) } catch {
            let nothing = SourceText(name: path, text: "")
            throw Diagnostic(
                .error, "cannot read it: \(error.reason)",
                at: SourceSpan(at: nothing.mark(byte: 0)), in: nothing)
        }
        return try ScenarioLoader.load(
            SourceText(name: path, bytes: bytes), folder: folder(of: path),
            read: { name in
                (try? FileContents.read(name)).map { SourceText(name: name, bytes: $0) }
            })
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    static func find(_ names: [String]) throws(Failure) -> [String] {
        var files: [String] = []
        for name in names {
            let candidates = [name, "\(name).yaml", "Scenarios/\(name)", "Scenarios/\(name).yaml"]
            guard let found = candidates.first(where: { FileContents.exists($0) }) else {
                throw Failure(
                    .file, "there is no scenario \(name), neither here nor in ./Scenarios")
            }
            guard let entries = FileContents.names(in: found) else {
                files.append(found)
                continue
            }
            let yaml = entries.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            guard !yaml.isEmpty else { throw Failure(.file, "no .yaml files in \(found)") }
            files += yaml.sorted().map { "\(found)/\($0)" }
        }
        // A file that was named twice, or with its folder, is run once.
        var seen: Set<String> = []
        return files.filter { seen.insert($0).inserted }
    }
}
