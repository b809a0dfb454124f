internal import Blocks
internal import Matching
internal import YAML

/// `--faults FILE`: what goes wrong on purpose, from the beginning.
struct FaultsFile: Sendable {
    private let faults: [Fault]

    init(_ file: String) throws(Failure) {
        faults = try OptionDocument.read("--faults", file) { document throws(Diagnostic) in
            try FaultReader(source: document.source).faults(document.root)
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
