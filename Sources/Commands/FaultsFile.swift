internal import Blocks
internal import Matching
internal import Transport
internal import YAML

/// `--faults FILE`: what goes wrong on purpose, from the beginning.
struct FaultsFile: Sendable {
    private let faults: [Fault]

    init(_ file: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileContents.read(file) } catch {
            throw Failure(.file, "cannot read --faults \(file): \(error.reason)")
        }
        do throws(Diagnostic) {
            let document = try ControlDocument(name: file, bytes: bytes[...])
            faults = try FaultReader(source: document.source).faults(document.root)
        } catch {
            throw Failure(.file, error.rendered, isDiagnostic: true)
        }
    }

    /// Adds them to a sandbox; the applications of one run share its rules, which are added once.
    func add(to sandbox: Sandbox) throws(Failure) {
        guard sandbox.faults.all.isEmpty else { return }
        do throws(Faults.Refusal) { try sandbox.faults.add(faults, isBeginning: true) } catch {
            throw Failure(.file, "cannot use the rules of --faults: \(error.text): \(error.hint)")
        }
    }
}
