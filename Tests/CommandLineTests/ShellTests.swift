import Foundation
import Testing

/// The REPL, on a terminal and without one.
@Suite struct ShellTests {
    @Test func aScriptRunsItsLinesAndEndsWithTheFirstFailure() async throws {
        let home = try await TestHome.made(space: "ops")
        let script = """
            post one

            /post 'two  words'
            nosuch thing
            post three
            """
        let run = try await home.run("repl", input: Data(script.utf8))
        #expect(run.code == 64)
        #expect(run.lines.count == 2)
        #expect(run.errors.contains("there is no command \"nosuch\""))
        let texts = try await home.succeed("log", "--json").objects().map { $0["text"] as? String }
        #expect(texts == ["one", "two  words"])
        #expect(try await home.run("repl", input: Data("space use nowhere".utf8)).code == 65)
        #expect(try await home.run("repl", input: Data("/quit\nnosuch".utf8)).code == 0)
        #expect(try await home.run("repl", input: Data()).code == 0)
        #expect(try await home.run("repl", input: Data("post \"open".utf8)).code == 64)
        #expect(try await home.run("repl", input: Data("post -\n".utf8)).code == 64)
    }

    @Test func theVerbsOfTheFirstPrototypeWork() async throws {
        let home = try await TestHome.made()
        let script = """
            create-space "Test Space"
            create-channel "general"
            post-message "Hello from Alice!"
            list-spaces
            list-messages general
            """
        let run = try await home.succeed("repl", "--json", input: script)
        let objects = try run.objects()
        #expect(objects.count == 5)
        #expect(objects[0]["name"] as? String == "Test Space")
        #expect(objects[3]["space"] as? String == objects[0]["space"] as? String)
        #expect(objects[4]["text"] as? String == "Hello from Alice!")
        let info = try await home.succeed("space", "info", "--json").object()
        #expect(info["public"] as? Bool == true)
        #expect(info["readable_by"] as? String == "everyone")
    }

    @Test func aLineIsACommandOrElseAMessage() async throws {
        let home = try await TestHome.made(space: "ops")
        _ = try await home.terminal([
            ("expect", "ops/general> "), ("send", "hello there\r"), ("expect", "ops/general> "),
            ("send", " log is a word too\r"), ("expect", "ops/general> "),
            ("send", "post --nosuch x\r"), ("expect", "unknown option"), ("expect", "ops/general> "),
            ("send", "/nosuch\r"), ("expect", "there is no command"), ("expect", "ops/general> "),
            ("send", "log -n 1\r"), ("expect", "log is a word too"), ("expect", "ops/general> "),
            ("send", "--json is no option here\r"), ("expect", "ops/general> "), ("send", "/quit\r"),
            ("code", 0),
        ])
        let texts = try await home.succeed("log", "--json").objects().map { $0["text"] as? String }
        #expect(texts == ["hello there", "log is a word too", "--json is no option here"])
    }

    @Test func controlCClearsTheLineAndControlDLeaves() async throws {
        let home = try await TestHome.made(space: "ops")
        _ = try await home.terminal([
            ("expect", "ops/general> "), ("send", "not to be posted"), ("expect", "not to be posted"),
            ("send", "\u{3}"), ("expect", "ops/general> "), ("send", "posted\r"), ("expect", "ops/general> "),
            ("send", "\u{4}"), ("code", 0),
        ])
        let texts = try await home.succeed("log", "--json").objects().map { $0["text"] as? String }
        #expect(texts == ["posted"])
    }

    @Test func pastedLinesAreNotExecuted() async throws {
        let home = try await TestHome.made(space: "ops")
        _ = try await home.terminal([
            ("expect", "ops/general> "),
            ("send", "\u{1b}[200~channel create pasted\rpost pasted\r\u{1b}[201~"), ("expect", "post pasted"),
            ("send", "\u{3}"), ("expect", "ops/general> "), ("send", "\u{4}"), ("code", 0),
        ])
        #expect(try await home.succeed("log", "--json").output.isEmpty)
        #expect(try await home.succeed("channel", "list", "--json").lines.count == 1)
    }

    @Test func theHistoryIsPrivateAndHoldsNoTicket() async throws {
        let home = try await TestHome.made(space: "ops")
        let ticket = try #require(try await home.succeed("space", "invite").lines.first)
        _ = try await home.terminal([
            ("expect", "ops/general> "), ("send", "remember me\r"), ("expect", "ops/general> "),
            ("send", "/space join \(ticket.prefix(60))\r"), ("expect", "damaged"),
            ("expect", "ops/general> "),
            ("send", "\u{4}"), ("code", 0),
        ])
        let file = home.path + "/history"
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "remember me\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func tabCompletesCommandsAndChannels() async throws {
        let home = try await TestHome.made(space: "ops", channel: "engineering")
        let transcript = try await home.terminal([
            ("expect", "> "), ("send", "/chan\t"), ("expect", "/channel "), ("send", "us\t"),
            ("expect", "use "),
            ("send", "eng\t"), ("expect", "engineering "), ("send", "\r"), ("expect", "current channel"),
            ("expect", "> "), ("send", "\u{4}"), ("code", 0),
        ])
        #expect(transcript.contains("engineering"))
    }

    @Test func dangerousCommandsAsk() async throws {
        let home = try await TestHome.made(space: "ops")
        _ = try await home.terminal([
            ("expect", "ops/general> "), ("send", "space leave ops\r"), ("expect", "(yes/no)"),
            ("send", "no\r"),
            ("expect", "not left"), ("expect", "ops/general> "), ("send", "\u{4}"), ("code", 0),
        ])
        #expect(try await home.succeed("space", "list", "--json").lines.count == 1)
    }

    @Test func theTerminationSignalEndsTheShellWith143() async throws {
        let home = try await TestHome.made(space: "ops")
        let script = #"""
            import os, pty, signal, sys
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(sys.argv[1], sys.argv[1:])
            seen = b""
            while b"> " not in seen:
                seen += os.read(terminal, 4096)
            os.kill(pid, signal.SIGTERM)
            try:
                while os.read(terminal, 4096):
                    pass
            except OSError:
                pass
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """#
        let run = try await home.run(
            program: URL(filePath: "/usr/bin/env"), ["python3", "-c", script, TestHome.binary.path, "repl"])
        #expect(run.output == "143\n", "\(run.errors)")
    }
}
