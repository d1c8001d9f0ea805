import Foundation
import Testing

/// Rules that hold in every file that a person wrote.
@Suite struct SourceRuleTests {
    private static let columnsMax = 110
    private static let linesMax = 600

    private let tree = SourceTree.current
    private var swift: [SourceTree.File] {
        self.tree.swift(under: "Sources/") + self.tree.swift(under: "Tests/")
    }
    private var scripts: [SourceTree.File] {
        self.tree.files.filter { file in
            file.path.hasPrefix("Scripts/") || file.path.hasPrefix(".ci/") || file.name.hasSuffix(".py")
        }
    }

    @Test func nothingCrashesOnPurpose() {
        let found = findings(in: self.swift, code: true) { line in
            ["try!", "fatalError(", "as! "].contains { line.contains($0) }
        }
        #expect(found.isEmpty)
    }

    @Test func nothingWaitsForTimeToPass() {
        let swiftFound = findings(in: self.swift, code: true) { line in
            line.contains(/(Task|Thread)\.sleep|(^|[^A-Za-z_])(u|nano)?sleep\(/)
        }
        #expect(swiftFound.isEmpty)
        let native = self.tree.files.filter { $0.name.hasSuffix(".c") || $0.name.hasSuffix(".h") }
        let scriptsFound = findings(in: self.scripts + native, code: false) { line in
            line.contains(/(^|[^A-Za-z_])(u|nano)?sleep\(|^\s*sleep [0-9]/)
        }
        #expect(scriptsFound.isEmpty)
    }

    @Test func noTestIsSwitchedOff() {
        let found = findings(in: self.tree.swift(under: "Tests/"), code: true) { line in
            [".disabled(", ".enabled(if", "XCTSkip", "withKnownIssue"].contains { line.contains($0) }
        }
        #expect(found.isEmpty)
    }

    @Test func nothingIsMarkedAsUnfinished() {
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
        let found = findings(in: self.written, code: false) { line in
            marks.contains { mark in
                line.ranges(of: mark).contains { range in
                    let before = line[..<range.lowerBound].last ?? " "
                    let after = line[range.upperBound...].first ?? " "
                    return !before.isLetter && !after.isLetter && before != "." && after != "."
                }
            }
        }
        #expect(found.isEmpty)
    }

    @Test func linesFitTheColumns() {
        let others = self.tree.files.filter { file in
            [".proto", ".c", ".h", "Makefile"].contains { file.name.hasSuffix($0) }
        }
        let found = findings(in: self.swift + self.scripts + others, code: false) { line in
            line.count > Self.columnsMax
        }
        #expect(found.isEmpty)
    }

    @Test func filesAreOfReadableLength() {
        let found = (self.swift + self.scripts).filter { $0.lines.count > Self.linesMax }.map(\.path)
        #expect(found.isEmpty)
    }

    @Test func theProjectSpeaksOfItselfAlone() {
        let words = ["/wo" + "rk/", ".libr" + "ary/", "before" + "-stop", "developer ses" + "sion"]
        let found = findings(in: self.written, code: false) { line in
            words.contains { line.localizedCaseInsensitiveContains($0) }
        }
        #expect(found.isEmpty)
    }

    @Test func codeIsToldFromCommentsAndText() {
        let lines: [Substring] = [
            #"let a = "try! \" fatalError(" + b // as! c"#, #"let b = """"#, "fatalError(", #"""""#, "call()",
        ]
        #expect(SwiftLines.code(of: lines) == ["let a =  + b ", "", "", "", "call()"])
    }

    /// Every text but the licence, which others wrote, and what tools generate.
    private var written: [SourceTree.File] {
        self.tree.files.filter { $0.text != nil && !$0.isGenerated && $0.name != "LICENSE" }
    }
}
