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
    package var subscriptions: RequestStep.Body?
    /// The first rule that fits answers; 404 when none does.
    package var rules: [ReplyRule] = []
}

/// One rule of a scripted application.
package struct ReplyRule: Sendable {
    /// Parts of the request: `method`, `path`, `query`, `headers.x`, `body`, `json`.
    package var conditions: [Expectation]
    /// How often the rule answers before the ones after it do; nil for always.
    package var times: Int?
    package var reply: Reply

    package struct Reply: Sendable {
        package var status = 200
        package var headers: [(name: String, value: Template)] = []
        package var body: RequestStep.Body?
        /// How long the answer is held back.
        package var delay = Duration.zero
    }
}
