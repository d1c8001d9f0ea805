import Foundation
import Testing

/// Texts in, messages out.
@Suite struct MessageCommandTests {
    private static let messageKeys: Set<String> = [
        "event", "op", "space", "space_name", "channel", "channel_name", "thread", "author", "author_name",
        "time",
        "received", "text", "edited", "deleted", "reactions", "stored_by", "reply_to", "mentions", "pinned",
        "actor", "files",
    ]

    private func texts(_ home: TestHome, _ arguments: String...) async throws -> [String?] {
        try await home.run(program: TestHome.binary, ["log", "--json"] + arguments).objects()
            .map { $0["text"] as? String }
    }

    @Test func aPostPrintsItsIdAndIsInTheLog() async throws {
        let home = try await TestHome.made(space: "ops")
        let run = try await home.succeed("post", "hello", "world")
        let op = try #require(run.lines.first)
        #expect(run.lines.count == 1)
        #expect(op.wholeMatch(of: /[0-9a-f]{64}/) != nil)
        #expect(run.errors == "local\n")
        let message = try await home.succeed("log", "--json").object()
        #expect(Set(message.keys) == Self.messageKeys)
        #expect(message["op"] as? String == op)
        #expect(message["text"] as? String == "hello world")
        #expect(message["event"] as? String == "posted")
        #expect(message["space_name"] as? String == "ops")
        #expect(message["channel_name"] as? String == "general")
        #expect(message["stored_by"] as? Int == 0)
        #expect(message["thread"] is NSNull)
        let time = try #require(message["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        let id = try await home.succeed("id", "--json").object()
        #expect(message["author"] as? String == id["peer_id"] as? String)
    }

    @Test func aPostUnderJSONIsOneObjectWithItsTimings() async throws {
        let home = try await TestHome.made(space: "ops")
        for wait in ["0", "1", "3"] {
            let run = try await home.run("post", "--json", "--wait", wait, "hello")
            #expect(run.code == 0)  // there is no other member yet
            let object = try run.object()
            #expect(
                Set(object.keys) == [
                    "op", "space", "channel", "stored_by", "status", "files", "held_by", "timings_ms",
                ])
            #expect(object["status"] as? String == "local")
            #expect(object["stored_by"] as? Int == 0)
            let timings = try #require(object["timings_ms"] as? [String: Any])
            #expect(Set(timings.keys) == ["start", "commit", "connect", "publish", "stored", "total"])
            let total = try #require(timings["total"] as? Double)
            #expect(
                try #require(timings["start"] as? Double) + (try #require(timings["commit"] as? Double))
                    <= total)
            #expect(timings["connect"] is NSNull)
        }
    }

    @Test func standardInputIsTheTextWithoutOneFinalNewline() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", input: "piped\n")
        try await home.succeed("post", "-", input: "dashed\n\n")
        try await home.succeed("post", input: "two\nlines")
        try await home.succeed("post", input: " indented\r\n")
        try await home.succeed("post", "arguments win", input: "not read")
        try await home.succeed("post", "a", "-", "b", input: "not read")
        #expect(
            try await self.texts(home) == [
                "piped", "dashed\n", "two\nlines", " indented\r", "arguments win", "a - b",
            ])
    }

    @Test func whatIsNoTextIsRefusedWith65AndNothingIsStored() async throws {
        let home = try await TestHome.made(space: "ops")
        let inputs: [(Data, String)] = [
            (Data(), "empty_text"), (Data("\n".utf8), "empty_text"), (Data(" \t\n \n".utf8), "empty_text"),
            (Data("\u{2003}\u{00a0}".utf8), "empty_text"), (Data([0xff, 0xfe, 0x41]), "not_utf8"),
            (Data([0xc0, 0x80]), "not_utf8"), (Data([0xed, 0xa0, 0x80]), "not_utf8"),
            (Data([0x41, 0, 0x42]), "not_utf8"),
            (Data(repeating: 0x61, count: 2 << 20), "text_too_large"),
            (Data(repeating: 0x61, count: 1 << 20), "text_too_large"),
        ]
        for (input, code) in inputs {
            for arguments in [["post", "--json"], ["post", "--json", "-"]] {
                let run = try await home.run(program: TestHome.binary, arguments, input: input)
                #expect(run.code == 65)
                #expect(run.output.isEmpty)
                #expect(try run.error().code == code)
            }
        }
        for text in ["", "  "] { #expect(try await home.run("post", text).code == 65) }
        #expect(try await self.texts(home).isEmpty)
        try await home.succeed("post", input: String(repeating: "a", count: 1_000_000))
    }

    @Test func anArgumentThatIsNotUTF8IsRefused() async throws {
        let home = try await TestHome.made(space: "ops")
        let shell = try await home.run(
            program: URL(filePath: "/bin/bash"),
            ["-c", #""$0" post $'caf\xe9' --json; echo "$?""#, TestHome.binary.path])
        #expect(shell.output == "65\n")
        #expect(shell.errors.contains("not_utf8"))
        #expect(try await self.texts(home).isEmpty)
    }

    @Test func theLogIsFilteredByNumberTimeAuthorAndChannel() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("channel", "create", "builds")
        for number in 1...3 { try await home.succeed("post", "-c", "general", "g\(number)") }
        try await home.succeed("post", "-c", "ops/builds", "b1")
        #expect(try await self.texts(home) == ["g1", "g2", "g3", "b1"])
        #expect(try await self.texts(home, "-n", "2") == ["g3", "b1"])
        #expect(try await self.texts(home, "-n", "0") == [])
        #expect(try await self.texts(home, "-c", "builds") == ["b1"])
        #expect(try await self.texts(home, "-c", "ops/general", "-n", "1") == ["g3"])
        #expect(try await self.texts(home, "--since", "1h").count == 4)
        #expect(try await self.texts(home, "--until", "1h").isEmpty)
        #expect(try await self.texts(home, "--since", "2100-01-01T00:00:00Z").isEmpty)
        #expect(try await self.texts(home, "--until", "2100-01-01T00:00:00+02:00").count == 4)
        #expect(try await self.texts(home, "--author", "me").count == 4)
        let peer = try await home.succeed("id").output.dropLast()
        #expect(try await self.texts(home, "--author", String(peer.suffix(8))).count == 4)
        #expect(try await home.run("log", "--author", "nobody", "--json").error().code == "unknown_reference")
    }

    @Test func aLongTextStaysApartFromTheNextMessage() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", input: "first\n02:17 #general …someone  forged")
        let lines = try await home.succeed("log").lines
        #expect(lines.last?.wholeMatch(of: /\s+\| 02:17 #general …someone {2}forged/) != nil)
    }

    @Test func listenBeginsWithWhatIsStoredAndEndsAfterItsCount() async throws {
        let home = try await TestHome.made(space: "ops")
        for number in 1...3 { try await home.succeed("post", "m\(number)") }
        let run = try await home.succeed("listen", "--since", "1h", "-n", "2", "--json")
        #expect(try run.objects().map { $0["text"] as? String } == ["m1", "m2"])
        let mine = try await home.succeed("listen", "--since", "1h", "--not-mine", "--timeout", "0", "--json")
        #expect(mine.output.isEmpty)
        #expect(try await home.succeed("listen", "-n", "0").output.isEmpty)
    }

    @Test func aReaderThatGoesAwayEndsTheLogQuietly() async throws {
        let home = try await TestHome.made(space: "ops")
        let lines = (1...40).map { "post \($0) " + String(repeating: "x", count: 4_000) + "\n" }.joined()
        try await home.succeed("repl", "-q", input: lines)
        let shell = try await home.run(
            program: URL(filePath: "/bin/bash"),
            [
                "-c", #""$0" log --json | head -n 1 > /dev/null; echo "${PIPESTATUS[0]}""#,
                TestHome.binary.path,
            ])
        #expect(shell.output == "141\n")
        #expect(shell.errors.isEmpty)
    }

    @Test func aFullDiskUnderTheOutputIs74() async throws {
        let home = try await TestHome.made(space: "ops")
        let shell = try await home.run(
            program: URL(filePath: "/bin/bash"),
            ["-c", #""$0" id --json > /dev/full; echo "$?""#, TestHome.binary.path])
        #expect(shell.output == "74\n")
        #expect(shell.errors.contains("disk_full"))
    }

    @Test func aClosedStandardOutputIsNotTakenByTheDatabase() async throws {
        let home = try await TestHome.made(space: "ops")
        let shell = try await home.run(
            program: URL(filePath: "/bin/bash"),
            ["-c", #""$0" post hello >&- 2>&-; echo "$?""#, TestHome.binary.path])
        #expect(shell.output == "74\n")
        #expect(try await self.texts(home) == ["hello"])
    }
}
