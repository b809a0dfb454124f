import Foundation
import Testing

/// The shape of the program, held by its sources: which target may import which, where unsafe code
/// may stand, and what stands nowhere.
@Suite struct ArchitectureTests {
    private static let sources = SourceTree.files(in: "Sources")
    private static let tests = SourceTree.files(in: "Tests")

    // MARK: Imports

    /// What each target may import. SwiftPM does not hold it: a module that is reachable by way of
    /// another one imports without complaint.
    static let table: [String: Set<String>] = [
        // Values and bytes.
        "Bytes": ["Glibc"],
        "JSON": ["Bytes"],
        "YAML": ["CLibYAML"],
        "CEL": ["Bytes", "JSON"],
        "Matching": ["Bytes", "JSON", "YAML"],
        // Loops and sockets; protocols of stores, and the one in memory.
        "Transport": ["Bytes", "CLinux", "Glibc", "Synchronization"],
        "Backends": ["Bytes", "JSON", "Transport", "Glibc"],
        // What stands on sockets and stores.
        "HTTP": ["Bytes", "Transport", "Glibc"],
        "SQLiteBackend": ["Bytes", "Backends", "Transport", "CSQLite"],
        "RedisBackend": ["Bytes", "Backends", "Transport", "CHiredis"],
        // The sidecar's parts, which know neither HTTP nor a concrete store.
        "Blocks": ["Bytes", "JSON", "YAML", "CEL", "Matching", "Backends", "Transport"],
        // Its front, and guests.
        "DaprAPI": [
            "Bytes", "JSON", "YAML", "Matching", "Backends", "Blocks", "Transport", "HTTP",
        ],
        "WasmRunner": ["Bytes", "Transport", "HTTP", "CWasmtime", "Glibc"],
        "Scenarios": [
            "Bytes", "JSON", "YAML", "Matching", "Backends", "Blocks", "Transport", "HTTP",
            "DaprAPI", "WasmRunner",
        ],
        // Alone in knowing concrete stores.
        "Commands": [
            "Bytes", "JSON", "YAML", "Backends", "Blocks", "Transport", "HTTP", "DaprAPI",
            "WasmRunner", "SQLiteBackend", "RedisBackend", "Scenarios", "Matching",
            "ArgumentParser", "Glibc",
            "Synchronization",
        ],
        "fakedapr": ["Commands"],
    ]

    @Test func `the sources are found where this test looks for them`() {
        #expect(Self.sources.count > 100)
        #expect(Set(Self.sources.map(\.target)) == Set(Self.table.keys))
    }

    @Test(arguments: table.keys.sorted())
    func `a target imports what its layer may`(target: String) {
        for file in Self.sources where file.target == target {
            let strangers = Set(file.imports).subtracting(Self.table[target] ?? [])
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers.sorted())")
        }
    }

    @Test(arguments: table.keys.sorted())
    func `a target that may import a module does`(target: String) {
        let imported = Set(Self.sources.filter { $0.target == target }.flatMap(\.imports))
        // The system's own modules come and go.
        let unused = (Self.table[target] ?? []).subtracting(imported)
            .subtracting(["Glibc", "Synchronization"])
        #expect(unused.isEmpty, "\(target) does not import \(unused.sorted())")
    }

    @Test(arguments: ["CLinux", "CSQLite", "CHiredis", "CLibYAML", "CWasmtime"])
    func `a C module is imported by one target alone`(module: String) {
        let targets = Set(
            (Self.sources + Self.tests).filter { $0.imports.contains(module) }
                .map(\.target))
        #expect(targets.count == 1)
    }

    @Test func `no import points up or in a circle`() {
        var order: [String] = []
        var rest = Self.table.mapValues { $0.intersection(Self.table.keys) }
        while let next = rest.filter({ $0.value.isSubset(of: order) }).keys.sorted().first {
            order.append(next)
            rest[next] = nil
        }
        #expect(rest.isEmpty, "these import each other: \(rest.keys.sorted())")
    }

    @Test func `Foundation is for tests alone`() {
        for file in Self.sources {
            let heavy = file.imports.filter { $0.hasPrefix("Foundation") }
            #expect(heavy.isEmpty, "\(file.path) imports \(heavy)")
        }
    }

    // MARK: Safety

    /// Files outside Transport that hold unsafe code: beside a C module, or for the reason given.
    static let unsafeFiles: Set<String> = [
        "Sources/YAML/EventReader.swift",
        "Sources/SQLiteBackend/Database.swift",
        "Sources/RedisBackend/RedisCodec.swift",
        "Sources/WasmRunner/CompiledModule.swift",
        "Sources/WasmRunner/Engine.swift",
        "Sources/WasmRunner/GuestMemory.swift",
        "Sources/WasmRunner/GuestRunner.swift",
        "Sources/WasmRunner/ModuleCache.swift",
        "Sources/WasmRunner/WasmLibrary.swift",
        // Literals compared where they lie, bytes found by memchr.
        "Sources/Bytes/Text.swift",
        "Sources/JSON/JSONScanner.swift",
        "Sources/JSON/JSONWriter.swift",
        // The wall clock; a key hashed in one piece.
        "Sources/Backends/RealClock.swift",
        "Sources/Backends/StateKey.swift",
    ]

    @Test(arguments: sources)
    func `unsafe code stands in Transport, beside C modules and where it is named`(
        file: SourceTree.File
    ) {
        guard file.target != "Transport", !Self.unsafeFiles.contains(file.path) else { return }
        #expect(!file.code.contains { $0.hasWord("unsafe") })
    }

    @Test(arguments: sources)
    func `nothing is tried or unwrapped by force`(file: SourceTree.File) {
        for (number, line) in file.code.enumerated() {
            let place: Comment = "\(file.path):\(number + 1)"
            #expect(!line.contains("try!") && !line.hasForcedCast, place)
            #expect(!line.hasForcedUnwrap, place)
        }
    }

    @Test func `nothing is public: this is a program, not a library`() {
        for file in Self.sources {
            #expect(!file.code.contains { $0.hasWord("public") }, "\(file.path)")
        }
    }

    @Test(arguments: sources)
    func `an import says how far it reaches`(file: SourceTree.File) {
        guard file.path != "Sources/fakedapr/main.swift" else { return }
        for line in file.code where line.hasPrefix("import ") {
            Issue.record("\(file.path): \(line)")
        }
    }

    // MARK: Paths

    @Test func `no file names a place on somebody's machine`() {
        let scripts = ["Package.swift", "Makefile", "README.md", "CHANGELOG.md", ".ci/run"]
        let files =
            Self.sources + Self.tests + SourceTree.files(in: "Sources", ["c", "h"])
            + SourceTree.files(in: "docker", ["sh", "yaml", "Dockerfile"])
            + SourceTree.files(in: "Scenarios", ["yaml", "swift", "c", "sh"])
            + scripts.compactMap { SourceTree.file($0) }
        // Put together here, so that this file does not name them.
        let places = ["home", "root", "work", "Users", "build"].map { "/\($0)/" }
        for file in files {
            for (number, line) in file.text.components(separatedBy: "\n").enumerated() {
                let named = places.contains { line.namesFolder($0) }
                #expect(!named, "\(file.path):\(number + 1): \(line)")
            }
        }
    }

    // MARK: The scan itself

    @Test(arguments: [
        ("let a = b!", true), ("b!.c", true), ("a[0]!", true), ("f()!", true), ("b![1]", true),
        ("!a", false), ("a != b", false), ("a !== b", false), ("if !(a) {", false),
        ("f(\"b!\")", false), ("// b!", false), ("let a: Int!", true), ("a = [!b, !c]", false),
    ])
    func `a forced unwrap is seen, and nothing else taken for one`(line: String, isForced: Bool) {
        #expect(SourceTree.File("Sources/A/a.swift", line).code[0].hasForcedUnwrap == isForced)
    }

    @Test func `comments and literals are not code`() {
        let file = SourceTree.File(
            "Sources/A/a.swift",
            """
            package import B  // unsafe
            let a = "try!" + c // try!
            let b = \"\"\"
                unsafe
                \"\"\"
            @testable internal import D
            let e = "import F"
            """)
        #expect(file.imports == ["B", "D"])
        #expect(!file.code.contains { $0.contains("unsafe") || $0.contains("try!") })
    }
}

extension String {
    fileprivate func hasWord(_ word: String) -> Bool {
        split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word }
    }

    fileprivate var hasForcedCast: Bool { contains("as!") }

    /// A `!` right behind a name, a bracket or a parenthesis, and not before `=`.
    fileprivate var hasForcedUnwrap: Bool {
        guard utf8.contains(UInt8(ascii: "!")) else { return false }
        let characters = Array(self)
        return characters.indices.dropFirst().contains { index in
            guard characters[index] == "!" else { return false }
            let before = characters[index - 1]
            let after = index + 1 < characters.count ? characters[index + 1] : " "
            return (before.isLetter || before.isNumber || "_)]".contains(before)) && after != "="
        }
    }

    /// Whether an absolute path begins with this folder.
    fileprivate func namesFolder(_ folder: String) -> Bool {
        var rest = self[...]
        while let found = rest.range(of: folder) {
            let before = rest[..<found.lowerBound].last ?? " "
            if !before.isLetter, !before.isNumber, !"._-*)}".contains(before) { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }
}
