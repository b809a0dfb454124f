internal import JSON
internal import Scenarios
internal import Transport

/// Which cases failed when they were run last, kept in `.fakedapr/last-failed` of the current folder:
/// a JSON line for each.
struct LastFailed {
    private struct Key: Hashable {
        let file: String
        let title: String
    }

    private static let folder = ".fakedapr"
    private static let path = "\(folder)/last-failed"

    /// Whether the folder that it is kept in is there.
    static var hasFolder: Bool { FileContents.isFolder(folder) }

    private let failed: Set<Key>

    init() {
        let text = (try? FileContents.read(Self.path)) ?? []
        failed = Set(
            text.split(separator: UInt8(ascii: "\n")).compactMap { line in
                guard let value = try? JSONValue.parse(Array(line)[...]),
                    let file = value["file"]?.string, let title = value["title"]?.string
                else { return nil }
                return Key(file: file, title: title)
            })
    }

    var isEmpty: Bool { failed.isEmpty }

    func contains(_ one: ScenarioCase) -> Bool {
        failed.contains(Key(file: one.scenario.file, title: one.title))
    }

    /// Cases that were not run stay as they were. Nothing is written while nothing fails.
    func updated(with results: [CaseResult]) throws(Failure) {
        var failed = failed
        for result in results {
            let key = Key(file: result.file, title: result.title)
            if result.hasFailed { failed.insert(key) } else { failed.remove(key) }
        }
        guard failed != self.failed else { return }
        guard !failed.isEmpty else { return FileContents.remove(Self.path) }
        let lines = failed.map { key in
            JSONValue.object([
                .init("file", .string(key.file)), .init("title", .string(key.title)),
            ]).text + "\n"
        }
        do throws(SystemError) {
            try FileContents.makeFolder(Self.folder)
            try FileContents.write(Array(lines.sorted().joined().utf8), to: Self.path)
        } catch {
            // A folder that nobody may write to is no reason to fail.
            StandardError.write(
                "fakedapr: warning: cannot keep what failed in \(Self.path): \(error.reason)")
        }
    }
}
