internal import Matching
internal import Transport
internal import YAML

/// The document that an option names: `--stubs FILE`, `--faults FILE`.
enum OptionDocument {
    /// - Parameter option: `--stubs`, for messages.
    static func read<Value>(
        _ option: String, _ file: String, _ body: (ControlDocument) throws(Diagnostic) -> Value
    ) throws(Failure) -> Value {
        let bytes = try FileContents.readNamed(file, as: "\(option) \(file)")
        do throws(Diagnostic) {
            return try body(try ControlDocument(name: file, bytes: bytes[...]))
        } catch {
            throw Failure(error)
        }
    }
}
