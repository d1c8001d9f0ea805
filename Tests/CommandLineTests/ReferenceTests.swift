import Foundation
import Testing

/// Names and prefixes of ids, what is current, and names that are none.
@Suite struct ReferenceTests {
    @Test func namesAndPrefixesOfFourCharactersFindSpacesAndChannels() async throws {
        let home = try await TestHome.made(space: "ops")
        let space = try #require(
            try await home.succeed("space", "list", "--json").object()["space"] as? String)
        let channel = try #require(
            try await home.succeed("channel", "list", "--json").object()["channel"] as? String)
        for reference in [
            "general", "ops/general", String(channel.prefix(4)), "\(space.prefix(4))/general",
            "\(space)/\(channel)", "ops/\(channel.prefix(12).uppercased())",
        ] {
            try await home.succeed("post", "-c", reference, "found by \(reference)")
        }
        for reference in [
            "nosuch", "ops/nosuch", "nosuch/general", String(channel.prefix(3)), "", "/", "ops/", "/general",
        ] {
            let run = try await home.run("post", "-c", reference, "--json", "lost")
            #expect(run.code == 65, "\(reference)")
            #expect(try run.error().code == "unknown_reference", "\(reference)")
        }
        #expect(try await home.succeed("log", "--json").lines.count == 6)
    }

    @Test func anAmbiguousNameListsItsCandidates() async throws {
        let home = try await TestHome.made(space: "ops")
        let second = try await home.succeed("space", "create", "ops")
        #expect(second.errors.contains("warning"))
        let id = try #require(second.lines.first)
        let run = try await home.run("space", "info", "ops", "--json")
        #expect(run.code == 65)
        #expect(try run.error().code == "ambiguous_reference")
        #expect(try run.error().hint?.contains(id) == true)
        #expect(try await home.run("space", "info", "ops").errors.contains(id))
        #expect(try await home.succeed("space", "info", id, "--json").object()["space"] as? String == id)
    }

    @Test func theCurrentSpaceIsTheFirstThenTheChosenThenTheVariables() async throws {
        let home = try await TestHome.made(space: "first")
        try await home.succeed("space", "create", "second")
        func current(_ environment: [String: String?] = [:]) async throws -> String? {
            try await home.run("space", "info", "--json", environment: environment).object()["name"]
                as? String
        }
        #expect(try await current() == "first")
        try await home.succeed("space", "use", "second")
        #expect(try await current() == "second")
        #expect(try await current(["DESCORD_SPACE": "first"]) == "first")
        let marks = try await home.succeed("space", "list", "--json").objects().map { $0["current"] as? Bool }
        #expect(marks == [false, true])
    }

    @Test func theCurrentChannelIsTheOnlyOneOrTheChosenOneOrAQuestion() async throws {
        let home = try TestHome()
        try await home.succeed("keygen", "-q")
        #expect(try await home.run("post", "x", "--json").error().code == "no_space")
        try await home.succeed("space", "create", "ops")
        #expect(try await home.run("post", "x", "--json").error().code == "no_channel")
        try await home.succeed("channel", "create", "one")
        try await home.succeed("post", "in one")
        try await home.succeed("channel", "create", "two")
        let asked = try await home.run("post", "x", "--json")
        #expect(asked.code == 65)
        #expect(try asked.error().code == "ambiguous_reference")
        #expect(try asked.error().hint?.contains("two") == true)
        try await home.succeed("channel", "use", "two")
        try await home.succeed("post", "in two")
        #expect(try await home.run("post", "in one", environment: ["DESCORD_CHANNEL": "one"]).code == 0)
        let channels = try await home.succeed("log", "--json").objects().map { $0["channel_name"] as? String }
        #expect(channels == ["one", "two", "one"])
    }

    @Test func namesKeepTheRules() async throws {
        let home = try await TestHome.made(space: "ops")
        let long = String(repeating: "a", count: 65)
        for name in ["", " ", "a/b", "a\nb", "a\u{202e}b", "\u{1b}[31mred", " a", "a ", long] {
            let run = try await home.run("space", "create", "--json", "--", name)
            #expect(run.code == 65, "\(name.debugDescription)")
            #expect(try run.error().code == "bad_name")
        }
        #expect(try await home.run("space", "create", "--", "-a").code == 65)
        for name in ["$(touch x)", "a b", "a`b`", "a'b", "a\"b", "a;b", "a|b", "a*", "#a", "", "\u{1f600}"] {
            let run = try await home.run("channel", "create", "--json", "--", name)
            #expect(run.code == 65, "\(name.debugDescription)")
            #expect(try run.error().code == "bad_name")
        }
        let composed = try await home.succeed("space", "create", "cafe\u{301}", "--json").object()
        #expect(composed["name"] as? String == "caf\u{e9}")
        try await home.succeed("space", "info", "cafe\u{301}")
        try await home.succeed("channel", "create", "größe-1.0_β")
        try await home.succeed("channel", "create", "ops/nested")
    }

    @Test func invitesSayWhatTheyHold() async throws {
        let home = try await TestHome.made(space: "ops")
        let invite = try await home.succeed("space", "invite", "--uses", "5", "--expires", "1d", "--json")
            .object()
        #expect(Set(invite.keys) == ["ticket", "space", "invite", "expires", "uses"])
        #expect(invite["uses"] as? Int == 5)
        let ticket = try #require(invite["ticket"] as? String)
        #expect(ticket.hasPrefix("descord1"))
        let plain = try await home.succeed("space", "invite")
        #expect(plain.lines.count == 1)
        #expect(
            try await home.succeed("space", "invite", "--expires", "never", "--json").object()["expires"]
                is NSNull)
        // Nobody is reached from a home of its own; the ticket itself is sound.
        let other = try await TestHome.made()
        let unreached = try await other.run("space", "join", "-", "--json", input: Data((ticket + "\n").utf8))
        #expect(unreached.code == 69)
        #expect(try unreached.error().code == "no_peers")
        #expect(try await other.succeed("space", "list", "--json").output.isEmpty)
        for damaged in [
            String(ticket.dropLast(1)), ticket.replacing("q", with: "p"), "descord1", "nonsense", "",
        ] {
            let run = try await other.run("space", "join", "--json", "--", damaged)
            #expect(run.code == 65, "\(damaged)")
            #expect(try run.error().code == "damaged_ticket")
        }
    }

    @Test func peersCheckSpeaksByItsExitCode() async throws {
        let none = try await TestHome.made()
        #expect(try await none.run("peers", "--check").code == 3)
        #expect(try await TestHome().run("peers", "--check").code == 3)
        let lonely = try await TestHome.made(space: "ops")
        let run = try await lonely.run("peers", "--check")
        #expect(run.code == 2)
        #expect(run.output.isEmpty)
    }

    @Test func syncAndOutboxOfALonelyHomeHaveNothingToDo() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("post", "hello")
        for arguments in [["sync"], ["sync", "ops"], ["outbox", "list"], ["outbox", "retry"], ["peers"]] {
            let run = try await home.run(program: TestHome.binary, arguments + ["--json"])
            #expect(run.code == 0, "\(arguments): \(run.errors)")
            #expect(run.output.isEmpty, "\(arguments)")
        }
        #expect(try await home.run("sync", "nosuch").code == 65)
        #expect(try await home.run("outbox", "drop", "abcd1234").code == 65)
    }
}
