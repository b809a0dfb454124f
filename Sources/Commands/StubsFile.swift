internal import Blocks
internal import Matching
internal import Transport
internal import YAML

/// `--stubs FILE`: what answers for applications that are not there, from the beginning.
struct StubsFile: Sendable {
    private let source: SourceText
    private let descriptions: [StubDescription]

    init(_ file: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileContents.read(file) } catch {
            throw Failure(.file, "cannot read --stubs \(file): \(error.reason)")
        }
        do throws(Diagnostic) {
            let document = try ControlDocument(name: file, bytes: bytes[...])
            source = document.source
            descriptions = try StubReader(source: source).descriptions(document.root)
        } catch {
            throw Failure(.file, error.rendered, isDiagnostic: true)
        }
    }

    /// Adds them to a sandbox whose components are open.
    func add(to sandbox: Sandbox) async throws(Failure) {
        do throws(Stubs.Refusal) {
            try await sandbox.stubs.add(descriptions, isBeginning: true)
        } catch {
            let diagnostic = Diagnostic(
                .error, error.text, at: error.span, in: source, hint: error.hint)
            throw Failure(.file, diagnostic.rendered, isDiagnostic: true)
        }
    }
}
