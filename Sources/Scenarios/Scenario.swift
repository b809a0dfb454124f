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
    package let matrix: Matrix
    package let sidecar: SidecarDescription
    /// Applications, each with a sidecar of its own.
    package let apps: [AppDescription]
    package let setup: [Step]
    package let steps: [Step]
    /// Run last, after a failure and a timeout too.
    package let always: [Step]

    /// The file's name, as it was typed.
    package var file: String { source.name }

    /// How long set-up and steps may take; nil for as long as they like.
    package let timeout: Duration?
    /// Fixes the random values of its sandbox: ids, etags.
    package let random: UInt64?

    /// Where a file lies that the scenario names: relative names begin in its folder.
    package func path(of name: String) -> String { FilePath.path(of: name, in: folder) }
}

/// Names of files in our own files.
enum FilePath {
    /// Relative names begin in the folder of the file that has them.
    static func path(of name: String, in folder: String) -> String {
        name.hasPrefix("/") ? name : "\(folder)/\(name)"
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
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
    package indirect enum Action: Sendable {
        case guest(GuestStep)
        case request(RequestStep)
        case verify(VerifyStep)
        case group(StepGroup)
    }

    /// As the file names it, or made from what it does; variables are filled in.
    package let name: String
    package let span: SourceSpan
    /// The file that it stands in: the scenario's, or one that is included.
    package let source: SourceText
    /// Where that file lies.
    package let folder: String
    package let action: Action
    package var expectations: [Expectation] = []
    /// nil for a step that is done once.
    package var retry: Retry?
    /// Variables and where their values come from: `headers.etag`, `json.a.b`, `body`, `status`.
    package var captures: [(variable: String, path: String, span: SourceSpan)] = []

    /// Where a file lies that the step names: relative names begin in the folder of its own file.
    package func path(of name: String) -> String { FilePath.path(of: name, in: folder) }
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
    /// Whether it asks fakedapr's own API, which Dapr does not have.
    package var isControl = false
}

/// A question to the journal.
package struct VerifyStep: Sendable {
    package var question: JournalQuestion
    /// Where the counts stand, or the question.
    package var span: SourceSpan
}
