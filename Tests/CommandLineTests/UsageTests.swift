import Foundation
import Testing

/// How arguments are read, and what is said when they cannot be.
@Suite struct UsageTests {
    private static let laterCommands = [
        "serve", "agent", "doctor", "debug",
    ]

    @Test func globalOptionsStandBeforeAndAfterTheCommand() async throws {
        let home = try await TestHome.made(space: "ops")
        let other = home.folder.appending(path: "other").path
        try await home.succeed("--home", other, "keygen", "-q")
        let forms: [[String]] = [
            ["--json", "space", "list"], ["space", "--json", "list"], ["space", "list", "--json"],
            ["space", "list", "--json", "--home", home.path],
            ["--home=" + home.path, "space", "list", "--json"],
            ["--json", "--home", home.path, "space", "list"],
            ["space", "--home", home.path, "list", "--json"],
            ["-q", "space", "list", "-v", "--json", "--timeout", "3"],
        ]
        for form in forms {
            let run = try await home.run(program: TestHome.binary, form)
            #expect(run.code == 0, "\(form): \(run.errors)")
            #expect(try run.object()["name"] as? String == "ops", "\(form)")
        }
        #expect(try await home.run("id", "--home", other).output != home.succeed("id").output)
    }

    @Test func whatStandsAfterTheTerminatorIsText() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", "--", "--json", "-v", "is text")
        try await home.succeed("post", "the", "end", "--", "--home")
        let texts = try await home.succeed("log", "--json").objects().map { $0["text"] as? String }
        #expect(texts == ["--json -v is text", "the end --home"])
    }

    @Test func aCommandNotBuiltYetIsUnknownAndNotInTheHelp() async throws {
        let home = try TestHome()
        let help = try await home.succeed("help").output
        for command in Self.laterCommands {
            let run = try await home.run(command, "--json")
            #expect(run.code == 64)
            #expect(try run.error().code == "unknown_command")
            #expect(!help.contains("  \(command) "))
        }
        let near = try await home.run("pots", "hello")
        #expect(near.code == 64)
        #expect(near.errors.contains("hint: descord post"))
        #expect(try await home.run("space", "creat", "--json").error().hint == "descord space create")
    }

    @Test func aValueThatIsNoneOfTheChoicesIsAnsweredWithThem() async throws {
        let home = try await TestHome.made()
        let run = try await home.run("config", "set", "nonsense", "1", "--json")
        #expect(run.code == 64)
        #expect(
            try run.error().message.hasSuffix("connect, json, listen, mdns, profile, quiet, timeout, verbose")
        )
    }

    @Test func anAddressWhereNobodyAnswersIsRefusedInWords() async throws {
        let home = try await TestHome.made()
        // Port 1 of this machine: nobody serves it.
        let run = try await home.run("peers", "add", "/ip4/127.0.0.1/tcp/1", "--json")
        #expect(run.code == 69)
        let error = try run.error()
        #expect(error.code == "unreachable")
        #expect(error.message == "cannot reach /ip4/127.0.0.1/tcp/1")
        #expect(error.hint == "Connection refused")
    }

    @Test func everyCommandOfTheContractIsInTheHelp() async throws {
        let home = try TestHome()
        let expected: [String: [String]] = [
            "": [
                "keygen", "id", "space", "channel", "post", "log", "listen", "sync", "outbox", "peers",
                "metrics", "repl",
                "config", "params",
            ],
            "space": ["create", "list", "invite", "join", "use", "info", "members", "leave"],
            "channel": ["create", "list", "use"], "outbox": ["list", "retry", "drop"], "peers": ["add"],
            "config": ["get", "set", "list", "unset"], "params": ["show", "lint", "diff"],
        ]
        for (folder, commands) in expected.sorted(by: { $0.key < $1.key }) {
            let help = try await home.run(
                program: TestHome.binary, ["help"] + (folder.isEmpty ? [] : [folder]))
            #expect(help.code == 0)
            #expect(help.errors.isEmpty)
            for command in commands {
                #expect(help.output.contains("\n  \(command) "), "\(folder) \(command)")
            }
        }
    }

    @Test func wrongUsageIs64AndAnObjectUnderJSON() async throws {
        let home = try await TestHome.made(space: "ops")
        let wrong: [[String]] = [
            ["post", "--nosuch"], ["--nosuch"], ["space", "create"], ["space", "use"],
            ["peers", "add", "nowhere"],
            ["log", "--since", "yesterday"], ["log", "-n", "many"], ["log", "-n", "-1"],
            ["--timeout", "soon", "id"],
            ["--timeout", "-1", "id"], ["--connect", "127.0.0.1:4001", "id"],
            ["--listen", "/ip4/300.0.0.1", "id"],
            ["space", "invite", "--uses", "0"], ["space", "invite", "--rank", "1001"],
            ["space", "invite", "--expires", "soon"], ["post", "--wait", "-1", "x"],
            ["config", "get", "nosuch"],
            ["params"], ["params", "lint", "--members", "0"], ["params", "lint", "--cron", "soon"],
            ["params", "diff", "small"], ["config", "set", "timeout", "soon"], ["outbox", "drop"],
            ["id", "extra"], ["space"], ["outbox"],
            [],
            ["space", "invite", "--expires", "2020-01-01T00:00:00Z"], ["--passphrase-fd", "x", "id"],
        ]
        for arguments in wrong {
            let plain = try await home.run(program: TestHome.binary, arguments)
            #expect(plain.code == 64, "\(arguments): \(plain.code) \(plain.errors)")
            #expect(plain.output.isEmpty, "\(arguments)")
            #expect(!plain.errors.isEmpty, "\(arguments)")
            let json = try await home.run(program: TestHome.binary, arguments + ["--json"])
            #expect(json.code == 64, "\(arguments)")
            #expect(json.output.isEmpty, "\(arguments)")
            #expect(["usage", "bad_value"].contains(try json.error().code), "\(arguments): \(json.errors)")
            let variable = try await home.run(
                program: TestHome.binary, arguments, environment: ["DESCORD_JSON": "1"])
            #expect(["usage", "bad_value"].contains(try variable.error().code), "\(arguments)")
        }
    }

    @Test func bareDescordWithoutATerminalShowsTheHelpAndEndsWith64() async throws {
        let run = try await TestHome().run()
        #expect(run.code == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("USAGE: descord"))
        #expect(run.errors.contains("  post "))
    }

    @Test func versionAndHelpGoToStandardOutput() async throws {
        let home = try TestHome()
        let version = try await home.succeed("--version")
        #expect(version.output.wholeMatch(of: /descord \d+\.\d+\.\d+\n/) != nil)
        #expect(version.errors.isEmpty)
        for arguments in [["--help"], ["post", "--help"], ["help", "post"], ["space", "invite", "-h"]] {
            let run = try await home.run(program: TestHome.binary, arguments)
            #expect(run.code == 0)
            #expect(run.output.contains("USAGE: descord"))
            #expect(run.errors.isEmpty)
        }
    }

    @Test func aBadProfileIsAMatterOfConfiguration() async throws {
        let home = try await TestHome.made(space: "ops")
        let run = try await home.run("sync", "--profile", "nosuch", "--json")
        #expect(run.code == 78)
        #expect(try run.error().code == "bad_profile")
        #expect(try run.error().hint?.contains("default") == true)
        // Also where the network is not asked.
        #expect(try await home.run("post", "--profile", "nosuch", "x").code == 78)
        #expect(try await home.run("log", environment: ["DESCORD_PROFILE": "nosuch"]).code == 78)
        #expect(try await home.succeed("log").output.isEmpty)
        #expect(try await home.run("config", "set", "profile", "nosuch").code == 78)
        let bad = Data("{\"profile\":\"nosuch\"}".utf8)
        try bad.write(to: URL(filePath: home.path + "/config.json"))
        #expect(try await home.run("log").code == 78)
        try await home.succeed("config", "unset", "profile")
        try await home.succeed("log")
    }
}
