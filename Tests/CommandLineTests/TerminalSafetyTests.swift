import Foundation
import Testing

/// Nothing that others wrote moves the cursor of a terminal, and signals end commands as they should.
@Suite struct TerminalSafetyTests {
    private static let evil = "red \u{1b}[31mtext\u{1b}]0;title\u{7} \u{202e}reversed\u{9b}2J \u{8}end"

    @Test func textIsCleanedOnATerminalUnlessRaw() async throws {
        let home = try await TestHome.made(space: "ops")
        home.environment["NO_COLOR"] = "1"
        try await home.succeed("post", input: Self.evil)
        let clean = try await home.terminal([("code", 0)], "log")
        #expect(clean.contains("red text reversed end"))
        for scalar in clean.unicodeScalars where scalar != "\n" && scalar != "\r" {
            #expect(scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value) && scalar.value != 0x202e)
        }
        let raw = try await home.terminal([("code", 0)], "log", "--raw")
        #expect(raw.contains("\u{1b}[31m"))
        // A pipe gets what was written.
        #expect(try await home.succeed("log").output.contains(Self.evil))
        let json = try await home.terminal([("code", 0)], "log", "--json")
        #expect(!json.contains("\u{1b}"))
        #expect(!json.contains("\u{202e}"))
        #expect(json.contains(#"\u001b[31m"#))
    }

    @Test func errorsThatRepeatForeignTextAreCleaned() async throws {
        let home = try await TestHome.made(space: "ops")
        let transcript = try await home.terminal([("code", 65)], "space", "info", "a\u{1b}[2Jb")
        #expect(!transcript.contains("\u{1b}"))
        #expect(transcript.contains("\"ab\""))
    }

    @Test func colourIsForTerminalsThatWantIt() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", "hello")
        #expect(try await home.terminal([("code", 0)], "log").contains("\u{1b}["))
        #expect(!(try await home.succeed("log").output.contains("\u{1b}")))
        home.environment["NO_COLOR"] = "1"
        #expect(!(try await home.terminal([("code", 0)], "log").contains("\u{1b}")))
        home.environment["NO_COLOR"] = nil
        home.environment["TERM"] = "dumb"
        #expect(!(try await home.terminal([("code", 0)], "log").contains("\u{1b}")))
    }

    @Test func interruptAndTerminationEndListenWithTheirCodes() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", "ready")
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let script = """
                "$0" listen --since 1h --json > "$1" & until [ -s "$1" ]; do :; done
                kill -\(signal) $!; wait $!; echo $?
                """
            let output = home.folder.appending(path: "\(signal).out").path
            // An interactive shell's children do not ignore SIGINT, as those of a script in the background
            // would.
            let run = try await home.run(
                program: URL(filePath: "/bin/bash"), ["-mc", script, TestHome.binary.path, output])
            #expect(run.output.split(separator: "\n").last.map(String.init) == "\(code)", "\(run.errors)")
        }
    }
}
