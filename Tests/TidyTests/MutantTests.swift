import Foundation
import Testing

/// The mutants of `Tests/Mutants`, which `make mutants` runs: that they still say something of this tree.
@Suite struct MutantTests {
    @Test func everyMutantAppliesAndNamesItsTests() throws {
        let folder = SourceTree.current.root.appending(path: "Tests/Mutants")
        let patches = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(patches.count > 10)
        for name in patches {
            let path = folder.appending(path: name)
            let text = try String(contentsOf: path, encoding: .utf8)
            #expect(name.hasSuffix(".patch") && text.contains("\ntests: "), "\(name)")
            let git = Process()
            git.executableURL = URL(filePath: "/usr/bin/env")
            git.arguments = ["git", "apply", "--check", path.path]
            git.currentDirectoryURL = SourceTree.current.root
            try git.run()
            git.waitUntilExit()
            #expect(git.terminationStatus == 0, "\(name) does not apply")
        }
    }
}
