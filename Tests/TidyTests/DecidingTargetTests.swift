import Foundation
import Testing

/// Targets that decide see the world through their inputs alone: `docs/design/architecture.md`.
@Suite struct DecidingTargetTests {
    private static let collections: Set<String> = [
        "BasicContainers", "Collections", "DequeModule", "HeapModule", "OrderedCollections",
    ]

    /// What each deciding target may import; generated files may import Foundation besides.
    private static let allowedImports: [(target: String, modules: Set<String>)] = [
        ("DescordCrypto", ["CSodium", "Crypto"]),
        ("LibP2PCore", collections.union(["DescordCrypto", "SwiftProtobuf"])),
        ("LibP2P", collections.union(["DescordCrypto", "LibP2PCore", "SwiftProtobuf"])),
        ("MLS", collections.union(["DescordCrypto", "LibP2PCore"])),
        ("DescordCore", collections.union(["DescordCrypto", "LibP2PCore", "MLS", "SwiftProtobuf"])),
    ]

    /// The two files that may use Foundation: one turns `Data`, which generated code speaks, into bytes; the
    /// other asks for Unicode's canonical composition, which the standard library does not offer.
    private static let seamsWithFoundation: Set<String> = [
        "Sources/LibP2PCore/Protobuf/Message+Octets.swift",
        "Sources/DescordCore/Names/CanonicalComposition.swift",
    ]

    private static let forbidden = [
        "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "DispatchTime", "clock_gettime",
        "SystemRandomNumberGenerator", ".randomElement()", ".shuffled()", ".shuffle()", ".random(in:",
        ".random()", "UUID()", "arc4random", "print(", "FileManager", "FileHandle", "ProcessInfo", "getenv",
        "DispatchQueue", "Task {", "Task.detached", "Thread.", "Thread(",
    ]

    @Test func decidingTargetsImportOnlyWhatTheTableAllows() {
        for (target, modules) in Self.allowedImports {
            let files = SourceTree.current.swift(under: "Sources/\(target)/")
            for file in files where !Self.seamsWithFoundation.contains(file.path) {
                let found = findings(in: [file], code: true) { line in
                    Self.importedModule(line).map { !modules.contains($0) } ?? false
                }
                #expect(found.isEmpty, "\(target) may import \(modules.sorted())")
            }
        }
        #expect(SourceTree.current.swift(under: "Sources/LibP2PCore/").count > 5)
    }

    @Test func decidingTargetsHaveNoClockNoChanceNoFilesAndNoOutput() {
        for (target, _) in Self.allowedImports {
            let found = findings(in: SourceTree.current.swift(under: "Sources/\(target)/"), code: true) {
                line in
                Self.forbidden.contains { Self.uses($0, in: line) }
            }
            #expect(found.isEmpty)
        }
    }

    @Test func importsAreReadInEveryForm() {
        #expect(Self.importedModule("import NIOCore") == "NIOCore")
        #expect(Self.importedModule("public import struct Foundation.Data") == "Foundation")
        #expect(Self.importedModule("@preconcurrency import GRDB") == "GRDB")
        #expect(Self.importedModule("let important = 1") == nil)
    }

    /// Returns the module that a line imports, whatever stands before the word.
    private static func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ").map(String.init)
        guard let position = words.firstIndex(of: "import") else { return nil }
        let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let named = words[(position + 1)...].first { !kinds.contains($0) }
        return named?.split(separator: ".").first.map(String.init)
    }

    /// Whether `word` stands in `line` and is not the end of a longer name.
    private static func uses(_ word: String, in line: String) -> Bool {
        line.ranges(of: word).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return word.hasPrefix(".") || !(before.isLetter || before.isNumber || before == "_")
        }
    }
}
