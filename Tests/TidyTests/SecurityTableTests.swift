import Testing

/// `docs/security-tests.md` names a test for every attack; the names must be true.
@Suite struct SecurityTableTests {
    private static let page = "docs/security-tests.md"

    /// One row of a table: its cells.
    private struct Row {
        let line: Int
        let cells: [String]

        /// The names in the last cell, as `Suite/function`.
        var tests: [String] {
            (self.cells.last ?? "").matches(of: /`(\w+\/\w+)`/).map { String($0.1) }
        }
    }

    private static func rows(of lines: [Substring]) -> [Row] {
        lines.enumerated().compactMap { index, line in
            guard line.hasPrefix("| "), !line.hasPrefix("| attack |") else { return nil }
            let cells = line.split(separator: "|").map { String($0).trimmingPrefix(" ") }.map(String.init)
            return Row(line: index + 1, cells: cells.filter { !$0.isEmpty })
        }
    }

    /// Every test function of the tree, with the type that it stands in.
    private static func tests(in files: [SourceTree.File]) -> Set<String> {
        var found: Set<String> = []
        for file in files {
            var suite = ""
            var isTest = false
            for line in file.codeLines {
                if let type = line.firstMatch(of: /^[^ ].*?\b(?:struct|class|extension|actor|enum) (\w+)/) {
                    suite = String(type.1)
                }
                if line.contains("@Test") { isTest = true }
                guard let function = line.firstMatch(of: /\bfunc (\w+)/) else { continue }
                if isTest { found.insert("\(suite)/\(function.1)") }
                isTest = false
            }
        }
        return found
    }

    @Test func everyAttackNamesTestsThatExist() throws {
        let tree = SourceTree.current
        let page = try #require(tree.files.first { $0.path == Self.page })
        let tests = Self.tests(in: tree.swift(under: "Tests/"))
        #expect(tests.count > 500)
        let rows = Self.rows(of: page.lines)
        #expect(rows.count > 60)
        for row in rows {
            #expect(row.cells.count == 3, "\(Self.page):\(row.line) has not three cells")
            let isLater = row.cells.last?.hasPrefix("comes later, because ") ?? false
            #expect(
                row.tests.isEmpty == isLater,
                "\(Self.page):\(row.line) names tests, or says why they come later")
            for name in row.tests where !tests.contains(name) {
                Issue.record("\(Self.page):\(row.line) names \(name), which does not exist")
            }
        }
    }

    @Test func namesAreFoundAsTheyAreWritten() {
        let text = """
            @Suite(.timeLimit(.minutes(1))) @Loop struct SomeTests {
                @Test func plain() {}
                func helper() {}
                @Test(arguments: [
                    1,
                ])
                func withArguments(_ number: Int) {}
            }
            """
        let file = SourceTree.File(path: "Tests/A.swift", text: text)
        #expect(Self.tests(in: [file]) == ["SomeTests/plain", "SomeTests/withArguments"])
        let rows = Self.rows(of: ["| attack | rule | tests |", "|---|---|---|", "| a | b | `S/f`, `S/g` |"])
        #expect(rows.map(\.tests) == [["S/f", "S/g"]])
    }
}
