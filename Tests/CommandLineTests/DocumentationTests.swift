import DescordCLI
import Foundation
import LibP2P
import Testing

/// What is committed beside the code says what the code does.
@Suite struct DocumentationTests {
    @Test func manualPagesAndCompletionsAreThoseOfTheCommands() async throws {
        let run = try await TestHome().run(
            program: URL(filePath: "/usr/bin/env"),
            [
                "python3", TestHome.root.appending(path: "Scripts/docs").path, "--check",
                TestHome.binary.path,
            ])
        #expect(run.code == 0, "run `make docs`: \(run.output)\(run.errors)")
    }

    @Test func everyPageHasExitStatusAndExamplesAndNoDate() throws {
        let folder = TestHome.root.appending(path: "man")
        let pages = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(pages.count > 30)
        for page in pages {
            let text = try String(contentsOf: page, encoding: .utf8)
            #expect(text.contains(".SH EXIT STATUS\n"), "\(page.lastPathComponent)")
            #expect(text.contains(".SH EXAMPLES\n"), "\(page.lastPathComponent)")
            #expect(
                text.firstMatch(of: #/\n\.TH "[^"]+" 1 "" "descord /#) != nil, "\(page.lastPathComponent)")
        }
    }

    @Test func everyErrorCodeIsListedWithItsExitCode() throws {
        let text = try String(contentsOf: TestHome.root.appending(path: "docs/json.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for code in ErrorCode.allCases {
            #expect(rows.contains { $0.contains("`\(code.rawValue)`") }, "\(code.rawValue)")
        }
        for code in ParameterFinding.Code.allCases {
            #expect(rows.contains { $0.contains("`\(code.rawValue)`") }, "\(code.rawValue)")
        }
        for code in CommandWarning.Code.allCases {
            #expect(rows.contains { $0.contains("`\(code.rawValue)`") }, "\(code.rawValue)")
        }
    }
}
