internal import CLinux
internal import Glibc

/// A program to be started: what, with what, where.
package struct ProgramDescription: Sendable {
    /// What becomes of one of its standard streams.
    package enum Stream: Sendable, Equatable {
        /// Nothing is there to read, and what is written is thrown away.
        case null
        /// A descriptor of this process: 1 for its own standard output.
        case descriptor(Int32)
        /// What it writes is read here, line by line.
        case lines
    }

    /// The file to run.
    package var path: String
    /// argv, its first word included.
    package var words: [String]
    /// All its variables; nil for those of this process.
    package var environment: [String: String]?
    /// Where it works; nil for here.
    package var folder: String?
    package var input = Stream.null
    package var output = Stream.null
    package var errors = Stream.null
    /// Its soft limit of descriptors; nil for the one that this program was started with.
    package var descriptors: UInt64?

    package init(
        _ path: String, _ words: [String], environment: [String: String]? = nil,
        folder: String? = nil
    ) {
        self.path = path
        self.words = words
        self.environment = environment
        self.folder = folder
    }

    /// Starts it in a process group of its own.
    ///
    /// - Parameters:
    ///   - streams: the descriptors of its standard streams; -1 for none.
    ///   - signalAtDeath: what it gets when the calling thread ends.
    /// - Returns: its id, which is its group's too.
    func start(streams: (Int32, Int32, Int32), signalAtDeath: Int32 = 0) throws(SystemError)
        -> Int32
    {
        let words = CStrings(words)
        let variables = CStrings((environment ?? [:]).map { "\($0)=\($1)" })
        let hasEnvironment = environment != nil
        // Safe: all that is handed over outlives the call, which copies it with the process.
        let id = unsafe path.withCString { path in
            unsafe words.withPointer { words in
                unsafe variables.withPointer { variables in
                    unsafe withOptionalCString(folder) { folder in
                        var program = unsafe clinux_program(
                            path: path, arguments: words,
                            environment: hasEnvironment ? variables : nil, folder: folder,
                            streams: streams,
                            descriptors: descriptors ?? DescriptorLimit.ofChildren,
                            signal_at_death: signalAtDeath)
                        return unsafe clinux_spawn(&program)
                    }
                }
            }
        }
        guard id > 0 else { throw SystemError("exec") }
        return id
    }

    private func withOptionalCString<R>(
        _ text: String?, _ body: (UnsafePointer<CChar>?) -> R
    ) -> R {
        guard let text else { return body(nil) }
        return unsafe text.withCString { unsafe body($0) }
    }
}

extension ProgramDescription {
    /// Why a command's program cannot be started.
    package enum LookupError: Error, Equatable {
        case notFound
        case notExecutable
    }

    /// Finds the file of a command as a shell does: a name in the folders of PATH, a path as it is.
    ///
    /// - Parameters:
    ///   - folder: what a relative path begins at.
    ///   - search: the value of PATH.
    package static func find(
        _ name: String, in folder: String?, search: String
    ) throws(LookupError) -> String {
        let base = folder.map { "\($0)/" } ?? ""
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : base + path }
        if name.contains("/") {
            let path = absolute(name)
            guard FileContents.exists(path) else { throw .notFound }
            guard isProgram(path) else { throw .notExecutable }
            return path
        }
        var isThere = false
        for place in search.split(separator: ":", omittingEmptySubsequences: true) {
            let path = absolute("\(place)/\(name)")
            if isProgram(path) { return path }
            isThere = isThere || FileContents.exists(path) && !FileContents.isFolder(path)
        }
        throw isThere ? .notExecutable : .notFound
    }

    private static func isProgram(_ path: String) -> Bool {
        unsafe access(path, X_OK) == 0 && !FileContents.isFolder(path)
    }
}
