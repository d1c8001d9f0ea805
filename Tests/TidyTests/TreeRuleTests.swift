import Foundation
import Testing

/// Rules about which files there are.
@Suite struct TreeRuleTests {
    private let tree = SourceTree.current

    @Test func everythingCommittedIsText() {
        #expect(self.tree.files.filter { $0.text == nil }.map(\.path) == [])
        #expect(self.tree.files.count > 20)
    }

    @Test func nothingBuiltIsCommitted() {
        let built = self.tree.files.map(\.path).filter { path in
            path.contains("Package.resolved") || path.hasPrefix(".build/") || path.hasPrefix(".interop/")
                || [".o", ".a", ".so", ".db", ".sqlite", ".pyc"].contains { path.hasSuffix($0) }
        }
        #expect(built == [])
    }

    @Test func everyProtoHasItsGeneratedFileAndTheOtherWayRound() {
        let stems = { (suffix: String) in
            Set(self.tree.files.map(\.path).filter { $0.hasSuffix(suffix) }.map { $0.dropLast(suffix.count) })
        }
        let sources = stems(".proto").filter { $0.hasPrefix("Sources/") }
        #expect(sources.sorted() == stems(".pb.swift").sorted())
        #expect(!sources.isEmpty)
    }

    @Test func fileNamesAreUnique() {
        let files = self.tree.files.filter { $0.name.hasSuffix(".swift") && $0.path.contains("/") }
        let byName = Dictionary(grouping: files, by: \.name)
        let repeated = byName.values.filter { $0.count > 1 }.flatMap { $0.map(\.path) }.sorted()
        #expect(repeated == [])
    }

    @Test func whatPeopleExpectAtTheTopIsThere() {
        let expected = [
            ".ci/run", ".swift-format", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
            "docs/design/architecture.md",
        ]
        let paths = Set(self.tree.files.map(\.path))
        #expect(expected.filter { !paths.contains($0) } == [])
    }

    @Test func everyCommandHasItsManualPage() {
        let pages = self.tree.files.map(\.path).filter { $0.hasPrefix("man/") && $0.hasSuffix(".1") }
        guard !pages.isEmpty else { return }  // there is no manual yet
        let named = /commandName: "(?<name>[a-z-]+)"/
        let commands = self.tree.swift(under: "Sources/DescordCLI/").flatMap { file in
            (file.text ?? "").matches(of: named).map { String($0.output.name) }
        }
        let missing = Set(commands).filter { command in
            !pages.contains { $0 == "man/\(command).1" || $0.hasSuffix("-\(command).1") }
        }
        #expect(missing.sorted() == [])
        #expect(
            pages.filter { $0.dropFirst(4).dropLast(2).contains(".") } == [], "pages are named descord-post.1"
        )
    }
}
