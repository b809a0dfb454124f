// swift-tools-version: 6.3
import PackageDescription

/// What every Swift target is compiled with: checked memory safety, checked imports, no warning left.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies,
        swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "fakedapr",
    products: [.executable(name: "fakedapr", targets: ["fakedapr"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // C libraries, each imported by one target alone.
        .target(name: "CLinux"),
        .target(name: "CWasmtime"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CHiredis"),
        .systemLibrary(name: "CLibYAML"),

        // Layers, lowest first; Tests/ArchitectureTests holds the table of allowed imports.
        layer("Bytes"),
        layer("JSON", ["Bytes"]),
        layer("YAML", ["CLibYAML"]),
        layer("CEL", ["Bytes", "JSON"]),
        layer("Matching", ["Bytes", "JSON", "YAML"]),
        layer("Transport", ["CLinux", "Bytes"]),
        layer("Backends", ["Bytes", "JSON", "Transport"]),
        layer("HTTP", ["Bytes", "Transport"]),
        layer("SQLiteBackend", ["CSQLite", "Bytes", "Backends", "Transport"]),
        layer("RedisBackend", ["CHiredis", "Bytes", "Backends", "Transport"]),
        layer("Blocks", ["Bytes", "JSON", "YAML", "CEL", "Matching", "Backends", "Transport"]),
        layer(
            "DaprAPI",
            ["Bytes", "JSON", "YAML", "Matching", "Backends", "Blocks", "Transport", "HTTP"]),
        layer("WasmRunner", ["CWasmtime", "Bytes", "Transport", "HTTP"]),
        layer(
            "Scenarios",
            [
                "Bytes", "JSON", "YAML", "Matching", "Backends", "Blocks", "Transport", "HTTP",
                "DaprAPI", "WasmRunner",
            ]),
        layer(
            "Commands",
            [
                "Bytes", "JSON", "YAML", "Matching", "Backends", "Blocks", "Transport", "HTTP",
                "DaprAPI",
                "WasmRunner", "SQLiteBackend", "RedisBackend", "Scenarios", argumentParser,
            ]),
        .executableTarget(name: "fakedapr", dependencies: ["Commands"], swiftSettings: settings),

        // What tests share: a real redis-server, temporary folders, raw sockets, child processes.
        .target(
            name: "TestSupport", dependencies: ["Bytes", "Transport"], path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("Bytes", []),
        tests("JSON", ["Bytes"]),
        tests("YAML", []),
        tests("CEL", ["Bytes", "JSON"]),
        tests("Matching", ["Bytes", "JSON", "YAML"]),
        tests("Transport", ["Bytes", "TestSupport"]),
        tests("HTTP", ["Bytes", "Transport", "TestSupport"]),
        tests(
            "Backends",
            ["Bytes", "Transport", "SQLiteBackend", "RedisBackend", "TestSupport"]),
        tests("Blocks", ["Bytes", "JSON", "YAML", "CEL", "Backends", "Transport", "TestSupport"]),
        tests(
            "DaprAPI",
            [
                "Bytes", "JSON", "YAML", "Backends", "Blocks", "Transport", "HTTP",
                "SQLiteBackend", "RedisBackend", "TestSupport",
            ]),
        tests("WasmRunner", ["Bytes", "HTTP", "Transport", "TestSupport"]),
        tests(
            "Scenarios",
            [
                "Bytes", "JSON", "YAML", "Matching", "Blocks", "Transport", "HTTP", "WasmRunner",
                "TestSupport",
            ]),
        tests("Commands", ["Bytes", "JSON", "YAML", "TestSupport"]),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
