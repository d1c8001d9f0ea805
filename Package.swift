// swift-tools-version: 6.1
import PackageDescription

// Three kinds of target: those that decide (no NIO, no GRDB, no clock), those that do, and those that prove.
// `docs/design/architecture.md` has the table of what each may import; the build enforces it.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let containers = Target.Dependency.product(name: "BasicContainers", package: "swift-collections")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "descord",
    products: [
        .executable(name: "descord", targets: ["descord"]),
        .library(name: "LibP2P", targets: ["LibP2P", "LibP2PHost"]),
        .library(name: "DescordNode", targets: ["DescordNode"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Shims
        .systemLibrary(
            name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(
            name: "CReadline", providers: [.apt(["libreadline-dev"])]),
        .target(name: "CPrefetch"),

        // Decide
        .target(name: "DescordCrypto", dependencies: ["CSodium"], swiftSettings: settings),
        .target(
            name: "LibP2PCore", dependencies: ["DescordCrypto", protobuf],
            exclude: ["Protobuf/identity.proto"], swiftSettings: settings),
        .target(
            name: "LibP2P", dependencies: ["LibP2PCore", "DescordCrypto", containers, deque, protobuf],
            exclude: ["Protobuf/identify.proto", "Protobuf/noise.proto", "Protobuf/rpc.proto"],
            swiftSettings: settings),
        .target(
            name: "DescordCore", dependencies: ["LibP2PCore", "DescordCrypto", protobuf],
            exclude: ["Protobuf/operation.proto", "Protobuf/sync.proto", "Protobuf/ticket.proto"],
            swiftSettings: settings),

        // Do
        .target(
            name: "LibP2PHost",
            dependencies: ["LibP2P", "LibP2PCore", "DescordCrypto", logging] + nio,
            swiftSettings: settings),
        .target(
            name: "DescordStore",
            dependencies: [
                "DescordCore", "LibP2PCore", "DescordCrypto", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .target(
            name: "DescordNode",
            dependencies: [
                "DescordCore", "DescordStore", "LibP2P", "LibP2PCore", "LibP2PHost", "DescordCrypto",
                logging,
            ] + nio,
            swiftSettings: settings),
        .target(
            name: "DescordCLI",
            dependencies: [
                "DescordNode", "DescordStore", "DescordCore", "LibP2P", "LibP2PCore", "LibP2PHost",
                "DescordSimulation", "DescordCrypto", "CReadline", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "descord",
            dependencies: [
                "DescordCLI", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Prove
        .target(
            name: "DescordSimulation",
            dependencies: ["LibP2P", "LibP2PCore", "DescordCrypto", "CPrefetch", containers],
            resources: [.embedInCode("Scenarios")], swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["DescordSimulation", "LibP2P", "LibP2PCore"],
            swiftSettings: settings),
        .testTarget(
            name: "DescordCryptoTests", dependencies: ["DescordCrypto"], swiftSettings: settings),
        .testTarget(
            name: "LibP2PCoreTests", dependencies: ["LibP2PCore", "DescordCrypto"],
            swiftSettings: settings),
        .testTarget(
            name: "LibP2PTests",
            dependencies: ["LibP2P", "LibP2PCore", "DescordCrypto", protobuf],
            swiftSettings: settings),
        .testTarget(
            name: "LibP2PHostTests",
            dependencies: ["LibP2PHost", "LibP2P", "LibP2PCore", "DescordCrypto", logging] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "DescordCoreTests", dependencies: ["DescordCore", "LibP2PCore", "DescordCrypto", protobuf],
            swiftSettings: settings),
        .testTarget(
            name: "DescordStoreTests",
            dependencies: [
                "DescordStore", "DescordCore", "LibP2PCore", "DescordCrypto",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "DescordNodeTests",
            dependencies: [
                "DescordNode", "DescordStore", "DescordCore", "LibP2PHost", "LibP2P", "LibP2PCore",
                "DescordCrypto", logging, .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "descord", "DescordCLI", "DescordNode", "DescordStore", "DescordCore", "LibP2P", "LibP2PCore",
                "DescordCrypto",
            ],
            swiftSettings: settings),
        .testTarget(name: "InteropTests", dependencies: ["descord"], swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// Measure: linking it takes half a minute, so only `make bench` asks for it.
if Context.environment["DESCORD_BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "InProcessBenchmark",
            dependencies: [
                "DescordCore", "DescordStore", "DescordNode", "LibP2PHost", "LibP2P", "LibP2PCore",
                "DescordCrypto", logging,
            ] + nio,
            path: "Benchmarks/InProcess", swiftSettings: settings))
}
