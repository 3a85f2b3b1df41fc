// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is compiled under the same rules: pointers are visible (`unsafe`), warnings are errors.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A library target of this package, under the shared rules.
func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

/// Hostile input for everything that reads it: tests, and with HEARTH_FUZZ (scripts/verify-long) the same suites as a
/// program for libFuzzer, which looks into modules that are built for testing.
let fuzzed: [Target.Dependency] = [
    "Binary", "Configuration", "Model", "Platform", "Runtimes", "Sampler", "StackFixtures", "Symbols",
    "TestKit", "Unwinder",
]
let fuzzing: [Target] =
    Context.environment["HEARTH_FUZZ"] == nil
    ? [
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Fuzz.swift"], swiftSettings: strict)
    ]
    : [
        .target(name: "CFuzzDriver", path: "Tests/FuzzDriver"),
        .executableTarget(
            name: "hearth-fuzz", dependencies: fuzzed + ["CFuzzDriver"], path: "Tests/Fuzz",
            exclude: ["FuzzTests.swift"], swiftSettings: strict),
    ]

/// What documents for a browser are put together from.
let pageParts = [
    "theme.css", "viewer.css", "page.css", "page.html", "document.html", "graph.css", "graph.js",
    "text.js", "palette.js", "tree.js", "turned.js", "search.js", "layout.js", "facts.js", "paint.js", "flame.js",
    "table.js", "truth.js", "profile.js", "viewer.js", "document.js",
    "address.js", "daemon.js", "targets.js", "timescale.js", "timelinePaint.js", "timeline.js", "difference.js",
    "filters.js", "downloads.js", "timebar.js", "keys.js", "page.js",
]

let package = Package(
    name: "hearth",
    products: [
        .executable(name: "hearthd", targets: ["hearthd"]),
        .executable(name: "hearth", targets: ["hearth"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C: shims and module maps, nothing else.
        .target(name: "CPlatform"),
        .target(
            name: "CLibunwind",
            linkerSettings: [.linkedLibrary("unwind-x86_64"), .linkedLibrary("unwind")]),
        .target(name: "CDemangle", linkerSettings: [.linkedLibrary("iberty")]),
        .target(name: "CSandbox"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibdw", pkgConfig: "libdw", providers: [.apt(["libdw-dev"])]),
        .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),

        // One stage, one module; arrows point down this list's dependencies only.
        library("Model", []),
        library("Platform", ["Model", "CPlatform", "CSystemd"]),
        library("Binary", ["Model", "Platform"]),
        .target(
            name: "Unwinder", dependencies: ["Model", "CLibunwind"], exclude: ["aarch64/README.md"],
            swiftSettings: strict),
        library("Runtimes", ["Model", "Platform", "Binary"]),
        library(
            "Symbols",
            ["Model", "Platform", "Binary", "CPlatform", "CSandbox", "CDemangle", "CLibdw", "CLzma", "CZlib"]),
        library("Store", ["Model"]),
        library("Analysis", ["Model"]),
        library("Sampler", ["Model", "Platform", "Binary", "Unwinder", "Runtimes"]),
        .target(
            name: "Exporter",
            dependencies: [
                "Model", "Platform", "Analysis", "CZlib", log,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ] + nio,
            exclude: ["Encoders/Pprof/profile.proto"],
            // Bytes in the code: a resource bundle would bring Foundation into the daemon.
            resources: pageParts.map { .embedInCode("Page/\($0)") },
            swiftSettings: strict),
        library("Configuration", ["Model", "Platform", "CYaml"]),

        .executableTarget(
            name: "hearthd",
            dependencies: [
                "Model", "Platform", "Binary", "Unwinder", "Symbols", "Store", "Analysis", "Sampler", "Exporter",
                "Configuration",
                log, arguments, .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Daemon", swiftSettings: strict),
        .executableTarget(
            name: "hearth",
            dependencies: ["CCurl", "Platform", "Model", arguments],
            path: "Sources/Client", swiftSettings: strict),

        // Counted by Benchmarks/bench-counts.
        .executableTarget(
            name: "hearth-bench", dependencies: ["Model", "Store", "Unwinder", "StackFixtures"],
            path: "Benchmarks/Counts", swiftSettings: strict),

        // Measured by Benchmarks/bench-unwind against the unwinders that others use.
        .target(
            name: "CPeers", path: "Benchmarks/Peers",
            linkerSettings: [.linkedLibrary("unwind-x86_64"), .linkedLibrary("unwind"), .linkedLibrary("dw")]),
        .executableTarget(
            name: "hearth-bench-unwind",
            dependencies: ["CPeers", "Unwinder", "Binary", "Platform", "CPlatform", "Model", "StackFixtures"],
            path: "Benchmarks/Unwind", swiftSettings: strict),

        // What tests share: programs with a known truth, fixtures, goldens, real external tools.
        .target(name: "TestKit", dependencies: ["Model", "Platform"], path: "Tests/TestKit", swiftSettings: strict),
        tests("TestKitTests", ["TestKit"]),
        // Takes the pictures of the documentation (scripts/pictures).
        .executableTarget(
            name: "hearth-pictures", dependencies: ["TestKit"], path: "Tests/Pictures", swiftSettings: strict),
        tests("RuntimesTests", ["Runtimes", "Binary", "Platform", "TestKit"]),
        tests("ModelTests", ["Model", "TestKit"]),
        tests("PlatformTests", ["Platform", "TestKit"]),
        tests("BinaryTests", ["Binary", "Platform", "TestKit"]),
        tests("UnwinderTests", ["Unwinder", "Model", "TestKit"]),
        // Recorded stacks: the format and its recorder (scripts/record-fixture).
        .target(
            name: "StackFixtures", dependencies: ["Unwinder", "Model", "Platform"], path: "Tests/StackFixtures",
            swiftSettings: strict),
        .executableTarget(
            name: "hearth-fixture",
            dependencies: ["StackFixtures", "Unwinder", "Binary", "Runtimes", "Platform", "Model"],
            path: "Tests/StackRecorder", swiftSettings: strict),
        tests("GoldenStackTests", ["StackFixtures", "Unwinder", "Model"]),
        tests("SymbolsTests", ["Symbols", "Binary", "Platform", "Model", "TestKit", "hearth-symbolizer-probe"]),
        .executableTarget(
            name: "hearth-symbolizer-probe", dependencies: ["Symbols", "Platform"], path: "Tests/SymbolizerProbe",
            swiftSettings: strict),
        tests("StoreTests", ["Store", "Model", "TestKit"]),
        tests("AnalysisTests", ["Analysis", "Model", "TestKit"]),
        tests("SamplerTests", ["Sampler", "Binary", "Unwinder", "Platform", "Model", "TestKit"]),
        tests(
            "ExporterTests",
            [
                "Exporter", "Analysis", "Platform", "Model", "TestKit", log,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        tests("ConfigurationTests", ["Configuration", "Model", "TestKit"]),
        tests("ClientTests", ["hearth", "TestKit"]),
        tests("DaemonTests", ["hearthd", "Platform", "Model", "TestKit"]),
        tests("LiveTests", ["Model", "Platform", "TestKit"]),
    ] + fuzzing
)
