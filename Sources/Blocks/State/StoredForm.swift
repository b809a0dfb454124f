internal import Bytes
internal import JSON

/// The form in which Dapr's stores keep a value that came over HTTP (`--values dapr`).
enum StoredForm {
    static func dapr(_ value: ByteSlice, family: StateComponent.Family) -> ByteSlice {
        switch family {
        case .memory, .sqlite: DaprValues.reserialise(value, as: .goJSON)[...]
        case .redis: DaprValues.reserialise(value, as: .jsoniterFastest)[...]
        }
    }
}
