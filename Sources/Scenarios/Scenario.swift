package import Blocks
package import Matching
package import YAML

/// A scenario as its file describes it: nothing run, templates not filled in yet.
package struct Scenario: Sendable {
    package let name: String
    /// What `--tag` chooses by.
    package let tags: [String]
    package let source: SourceText
    /// The folder that guests' paths are relative to.
    package let folder: String
    /// Variables and their values; every combination is a case.
    package let matrix: [(variable: String, values: [String])]
    package let sidecar: SidecarDescription
    /// Applications, each with a sidecar of its own.
    package let apps: [AppDescription]
    package let setup: [Step]
    package let steps: [Step]
    /// Run last, after a failure and a timeout too.
    package let always: [Step]

    /// The file's name, as it was typed.
    package var file: String { source.name }

    /// Where a file lies that the scenario names: relative names begin in its folder.
    package func path(of name: String) -> String {
        name.hasPrefix("/") ? name : "\(folder)/\(name)"
    }
}

/// The sidecar that a scenario gets.
package struct SidecarDescription: Sendable {
    package var appID = "app"
    /// Names and types: `state.${store}` is filled in per case. nil for one state store named
    /// `statestore`, in memory unless there is a variable `store`.
    package var components: [(name: String, type: Template)]?
    /// Folders and files of Dapr resources, relative to the scenario's file.
    package var resources: [Template] = []
}

/// One thing that a scenario does or asks.
package struct Step: Sendable {
    package enum Action: Sendable {
        case guest(GuestStep)
        case request(RequestStep)
        case verify(VerifyStep)
    }

    /// As the file names it, or made from what it does.
    package let name: String
    package let span: SourceSpan
    package let action: Action
    package let expectations: [Expectation]
    /// Variables and where their values come from: `headers.etag`, `json.a.b`, `body`, `status`.
    package let captures: [(variable: String, path: String, span: SourceSpan)]
}

/// A WASM guest that is run against the sidecar.
package struct GuestStep: Sendable {
    package var module: Template
    package var arguments: [Template] = []
    package var environment: [(name: String, value: Template)] = []
    package var input: Template?
    package var export: String?
    package var timeout = Duration.seconds(10)
    package var seed: UInt64?
}

/// A request to the sidecar.
package struct RequestStep: Sendable {
    package var method: String
    package var target: Template
    package var headers: [(name: String, value: Template)] = []
    package var body: MessageBody?
    package var timeout = Duration.seconds(10)
    /// The app whose sidecar is asked; nil for the scenario's own.
    package var app: (id: String, span: SourceSpan)?
}

/// A question to the journal.
package struct VerifyStep: Sendable {
    package var question: JournalQuestion
    /// Where the counts stand, or the question.
    package var span: SourceSpan
}
