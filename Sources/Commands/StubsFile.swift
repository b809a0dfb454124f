internal import Blocks
internal import Matching
internal import YAML

/// `--stubs FILE`: what answers for applications that are not there, from the beginning.
struct StubsFile: Sendable {
    private let source: SourceText
    private let descriptions: [StubDescription]

    init(_ file: String) throws(Failure) {
        (source, descriptions) = try OptionDocument.read("--stubs", file) {
            document throws(Diagnostic) in
            (
                document.source,
                try StubReader(source: document.source).descriptions(document.root)
            )
        }
    }

    /// Adds them to a sandbox whose components are open.
    func add(to sandbox: Sandbox) async throws(Failure) {
        do throws(Stubs.Refusal) {
            try await sandbox.stubs.add(descriptions, isBeginning: true)
        } catch {
            throw Failure(
                Diagnostic(.error, error.text, at: error.span, in: source, hint: error.hint))
        }
    }
}
