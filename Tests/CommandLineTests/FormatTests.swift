import Foundation
import Testing

/// `--format`: lines of one's own.
@Suite struct FormatTests {
    @Test func aTemplateHasTheFieldsOfTheObject() async throws {
        let home = try await TestHome.made(space: "ops")
        let op = try await home.succeed("post", "hello").lines[0]
        let peer = try await home.succeed("id").lines[0]
        let line = try await home.succeed(
            "log", "--format",
            #"{op}|{space_name}/{channel_name}|{author}|{event}|{edited}|{stored_by}|{text}"#)
        #expect(line.output == "\(op)|ops/general|\(peer)|posted|false|0|hello\n")
        // What is not known is empty.
        #expect(
            try await home.succeed("log", "--format", "<{thread}{author_name}{reactions}>").output == "<>\n")
        let object = try await home.succeed("log", "--json").object()
        for name in object.keys.sorted() {
            guard let value = object[name] as? String else { continue }
            let shown = try await home.succeed("log", "--format", "{\(name)}").output
            #expect(shown == "\(value)\n", "\(name)")
        }
    }

    @Test func escapesAndDoubledBracesStandForThemselves() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", "x")
        let line = try await home.succeed("log", "--format", #"{{{text}}}\t\\n\n{{}}"#)
        #expect(line.output == "{x}\t\\n\n{}\n")
        #expect(try await home.succeed("log", "--format", "").output == "\n")
    }

    @Test func whatAMessageSaysIsNoPartOfTheTemplate() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", #"{op} {{ \n %s"#)
        #expect(try await home.succeed("log", "--format", "{text}").output == #"{op} {{ \n %s"# + "\n")
    }

    @Test func whatIsNoTemplateIs64() async throws {
        let home = try await TestHome.made(space: "ops")
        for template in ["{nosuch}", "{text", "text}", #"\x"#, #"\"#, "{Text}", "{}", "{ text }"] {
            for command in ["log", "listen"] {
                let run = try await home.run(command, "--format", template, "--timeout", "0")
                #expect(run.code == 64, "\(command) \(template)")
                #expect(run.output.isEmpty)
            }
        }
        #expect(try await home.run("log", "--format", "{nosuch}").errors.contains("channel_name"))
        #expect(try await home.run("log", "--format", "{text}", "--json").code == 64)
        #expect(try await home.run("listen", "--format", "{text}", "--exec", "true").code == 64)
    }

    @Test func listenTakesATemplateToo() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", "one")
        let run = try await home.succeed("listen", "--since", "1h", "-n", "1", "--format", "<{text}>")
        #expect(run.output == "<one>\n")
    }

    @Test func onATerminalNothingOfAMessageMovesTheCursor() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", input: "a\u{1b}[31mred\u{202e}\nforged")
        let shown = try await home.terminal([("code", 0)], "log", "--format", "<{text}>")
        #expect(shown.contains("<ared forged>"), "\(shown.debugDescription)")
        let raw = try await home.terminal([("code", 0)], "log", "--format", "<{text}>", "--raw")
        #expect(raw.contains("a\u{1b}[31mred\u{202e}"), "\(raw.debugDescription)")
    }
}
