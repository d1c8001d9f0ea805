import Testing

/// `docs/security-tests.md` names a test for every attack, `docs/gossipsub-tests.md` one for every scenario;
/// the names must be true.
@Suite struct SecurityTableTests {
    /// A page, how a row says that it has no test, and how many rows it has at least.
    private static let pages = [
        ("docs/security-tests.md", "comes later, because ", 60),
        ("docs/gossipsub-tests.md", "not here: ", 100),
    ]

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
            guard line.hasPrefix("| "), !line.hasPrefix("| attack |"), !line.hasPrefix("| scenario |")
            else { return nil }
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

    @Test(arguments: pages)
    func everyRowNamesTestsThatExist(path: String, without: String, rowsMin: Int) throws {
        let tree = SourceTree.current
        let page = try #require(tree.files.first { $0.path == path })
        let tests = Self.tests(in: tree.swift(under: "Tests/"))
        #expect(tests.count > 500)
        let rows = Self.rows(of: page.lines)
        #expect(rows.count >= rowsMin)
        for row in rows {
            #expect(row.cells.count == 3, "\(path):\(row.line) has not three cells")
            let isWithout = row.cells.last?.hasPrefix(without) ?? false
            #expect(
                row.tests.isEmpty == isWithout, "\(path):\(row.line) names tests, or says why it has none")
            for name in row.tests where !tests.contains(name) {
                Issue.record("\(path):\(row.line) names \(name), which does not exist")
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
