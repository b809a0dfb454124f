internal import Transport

/// Where a user's own files lie.
enum UserFolders {
    static var home: String { ProcessEnvironment["HOME"] ?? "." }

    /// State, messages and the sidecars of `run`, unless `--data-dir` names another place.
    static var data: String { "\(home)/.fakedapr" }

    /// What `dapr init` has made, if it was ever run here.
    ///
    /// - Parameter runtimePath: `--runtime-path`.
    static func dapr(_ runtimePath: String?) -> String {
        "\(runtimePath ?? ProcessEnvironment["DAPR_RUNTIME_PATH"] ?? home)/.dapr"
    }
}
