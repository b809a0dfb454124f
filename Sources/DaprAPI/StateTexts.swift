internal import Backends

/// The words and statuses that Dapr gives to what a store refused.
enum StateTexts {
    static func status(_ error: StateError) -> Int {
        switch error {
        case .etagMismatch: 409
        case .etagInvalid: 400
        case .failed: 500
        }
    }

    static func text(_ error: StateError) -> String {
        switch error {
        case .etagMismatch(let detail), .etagInvalid(let detail):
            detail.map { "\(prefix(error)): \($0)" } ?? prefix(error)
        case .failed(let text): text
        }
    }

    /// How Dapr's etag errors begin, whatever their cause.
    static func prefix(_ error: StateError) -> String {
        switch error {
        case .etagMismatch: "possible etag mismatch. error from state store"
        case .etagInvalid: "invalid etag value"
        case .failed: ""
        }
    }
}
