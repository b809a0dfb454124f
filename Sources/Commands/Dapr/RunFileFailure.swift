internal import YAML

/// Why the applications of a run file cannot be run.
enum RunFileFailure: Error {
    case path(String)
    case reading(String)
    case diagnostic(Diagnostic)
    case empty

    /// In Dapr's words.
    func tell(_ console: Console) {
        switch self {
        case .path(let text): console.failure("Failed to get run file path: \(text)")
        case .reading(let text): console.failure("Error getting apps from config file: \(text)")
        case .diagnostic(let diagnostic):
            console.failure("Error getting apps from config file: \(diagnostic.message)")
            StandardError.write(diagnostic.rendered)
        case .empty: console.failure("No apps to run")
        }
    }
}
