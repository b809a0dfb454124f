package import Blocks
package import JSON
package import Matching
package import YAML

/// An application of a scenario, with a sidecar of its own.
package struct AppDescription: Sendable {
    package let id: String
    package let span: SourceSpan
    /// nil for the components of the scenario's own sidecar.
    package var components: [(name: String, type: Template)]?
    /// Folders and files of Dapr resources, relative to the scenario's file.
    package var resources: [Template] = []
    package var kind: Kind

    /// How long it may take until it can be spoken to.
    var patience: Duration {
        if case .command(let command) = kind { command.startTimeout } else { .seconds(20) }
    }

    package enum Kind: Sendable {
        /// Answers by the scenario's own rules.
        case scripted(ScriptedAppDescription)
        /// A child process.
        case command(AppCommand)
    }
}

/// A program that is started for a case and ended with it.
package struct AppCommand: Sendable {
    /// The program and its arguments; looked up in PATH, run in the scenario's folder.
    package var words: [Template]
    package var environment: [(name: String, value: Template)] = []
    /// Whether the program listens at the port that APP_PORT tells it.
    package var listens = true
    /// How long it may take until it listens.
    package var startTimeout = Duration.seconds(20)
}

/// What a scripted application subscribes to and answers.
package struct ScriptedAppDescription: Sendable {
    /// What `GET /dapr/subscribe` is answered with; nil for no subscriptions.
    package var subscriptions: [JSONValue]?
    /// The first stub that fits answers; 404 when none does.
    package var stubs: [Stub] = []
}
