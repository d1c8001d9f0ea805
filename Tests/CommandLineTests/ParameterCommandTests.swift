import Foundation
import Testing

/// `descord params`, and profiles that are files.
@Suite struct ParameterCommandTests {
    private static let profiles = ["descord", "small", "snapshot", "waku", "default"]

    /// Writes a file of parameters into the home's folder.
    private func file(_ text: String, _ home: TestHome, name: String = "mine.json") throws -> String {
        let file = home.folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    @Test func showPrintsEveryParameterByTheSpecificationsNames() async throws {
        let home = try TestHome()
        let snapshot = try await home.succeed("params", "show", "snapshot", "--json").object()
        #expect(snapshot["profile"] as? String == "snapshot")
        #expect(snapshot["d"] as? Int == 10)
        #expect(snapshot["heartbeat_interval_ms"] as? Int == 700)
        #expect(snapshot["flood_publish"] as? Bool == true)
        let thresholds = try #require(snapshot["thresholds"] as? [String: Double])
        #expect(
            thresholds == [
                "gossip": -100_000, "publish": -200_000, "graylist": -500_000, "accept_px": 0,
                "opportunistic_graft": 1,
            ])
        #expect((snapshot["topic_score"] as? [String: Any])?["topic_weight"] as? Int == 10)
        #expect((snapshot["presence"] as? [String: Any])?["interval_ms"] as? Int == 10_000)
        let plain = try await home.succeed("params", "show", "default", "--json").object()
        #expect(Set(plain.keys) == Set(snapshot.keys))
        for group in ["score", "topic_score", "peer_gater", "presence"] { #expect(plain[group] is NSNull) }
        // Without a name, the one in use.
        let lines = try await home.succeed("params", "show").lines
        #expect(lines.contains { $0.split(separator: " ") == ["seen_ttl_ms", "300000"] })
        let small = try await home.run("params", "show", environment: ["DESCORD_PROFILE": "small"])
        #expect(small.lines.contains { $0.split(separator: " ") == ["d_low", "2"] })
    }

    @Test func explainSaysWhatEachParameterDoes() async throws {
        let home = try TestHome()
        let objects = try await home.succeed("params", "show", "descord", "--explain", "--json").objects()
        let lines = try await home.succeed("params", "show", "descord", "--explain").lines
        #expect(objects.count == lines.count)
        for object in objects { #expect(Set(object.keys) == ["parameter", "value", "may_be", "does"]) }
        #expect(objects.first?["does"] as? String == "The mesh's target size in a topic.")
        #expect(lines.first?.contains("target size") == true)
    }

    @Test(arguments: Self.profiles) func whatShowPrintsIsAFileOfTheSameProfile(_ name: String) async throws {
        let home = try TestHome()
        let shown = try await home.succeed("params", "show", name, "--json").output
        let path = try self.file(shown, home)
        #expect(try await home.succeed("params", "show", path, "--json").output == shown)
        #expect(try await home.succeed("params", "diff", name, path).output.isEmpty)
    }

    @Test func aFileChangesTheProfileThatItNames() async throws {
        let home = try TestHome()
        let path = try self.file(
            #"{"profile": "waku", "d_out": 1, "thresholds": {"gossip": -50}, "score": null}"#, home)
        let shown = try await home.succeed("params", "show", path, "--json").object()
        #expect(shown["profile"] as? String == "waku")
        #expect(shown["d_high"] as? Int == 8)
        #expect(shown["d_out"] as? Int == 1)
        #expect((shown["thresholds"] as? [String: Int])?["gossip"] == -50)
        #expect(shown["score"] is NSNull)
        #expect(shown["topic_score"] is NSNull)
        let other = try self.file(#"{"d_low": 3, "peer_gater": {"quiet_ms": 2000}}"#, home, name: "b.json")
        let second = try await home.succeed("params", "show", other, "--json").object()
        #expect(second["profile"] as? String == "descord")
        #expect((second["peer_gater"] as? [String: Any])?["threshold"] as? Double == 0.33)
    }

    @Test func aFileThatCannotBeMeantIsRefusedByTheNameOfTheParameter() async throws {
        let home = try TestHome()
        let wrong: [(String, String)] = [
            (#"{"d_lo": 3}"#, "there is no parameter \"d_lo\""),
            (#"{"d": "six"}"#, "\"d\" is \"six\""), (#"{"d": null}"#, "\"d\" is null"),
            (#"{"d": 6.5}"#, "\"d\" is 6.5"), (#"{"d": true}"#, "\"d\" is true"),
            (#"{"d": -1}"#, "\"d\" is -1"), (#"{"flood_publish": 1}"#, "must be true or false"),
            (#"{"thresholds": null}"#, "\"thresholds\" is null"),
            (#"{"thresholds": -1}"#, "must be an object"),
            (#"{"thresholds": {"gossip": 1}}"#, "\"thresholds.gossip\" is 1"),
            (#"{"thresholds": {"gosip": -1}}"#, "there is no parameter \"thresholds.gosip\""),
            (#"{"score": null, "topic_score": {"topic_weight": 1}}"#, "without a \"score\""),
            (#"{"profile": "nosuch"}"#, "\"profile\" is \"nosuch\""),
            (#"{"profile": 1}"#, "\"profile\" is 1"),
            (#"{"d_low": 7}"#, "\"d_low\" is 7, above \"d\" (6)"),
            (#"{"history_gossip": 11}"#, "\"history_gossip\" is 11"),
            (#"{"score": {"ip_colocation_factor_whitelist": ["nowhere"]}}"#, "networks"),
            ("[]", "is not one JSON object"), ("{", "is not one JSON object"), ("", "is not one JSON object"),
        ]
        for (text, words) in wrong {
            let path = try self.file(text, home)
            let run = try await home.run("params", "show", path, "--json")
            #expect(run.code == 78, "\(text)")
            #expect(run.output.isEmpty, "\(text)")
            let error = try run.error()
            #expect(error.code == "bad_parameters", "\(text)")
            #expect(error.message.contains(path) && error.message.contains(words), "\(error.message)")
        }
        #expect(try await home.run("params", "show", home.folder.path).code == 78)
        let hint = try await home.run(
            "params", "show", self.file(#"{"d_lo": 3}"#, home), "--json"
        ).error().hint
        #expect(hint == "perhaps \"d_low\"")
    }

    @Test func diffPrintsWhatDiffersAndEndsWith0() async throws {
        let home = try TestHome()
        let objects = try await home.succeed("params", "diff", "descord", "small", "--json").objects()
        #expect(
            objects.map { $0["parameter"] as? String } == [
                "d", "d_low", "d_high", "d_score", "d_out", "d_lazy",
            ])
        #expect(objects.map { $0["a"] as? Int } == [6, 4, 12, 4, 2, 6])
        #expect(objects.map { $0["b"] as? Int } == [4, 2, 6, 2, 1, 4])
        let lines = try await home.succeed("params", "diff", "descord", "small").lines
        #expect(lines.first.map { $0.split(separator: " ") } == ["d", "6", "4"])
        #expect(try await home.succeed("params", "diff", "waku", "waku").output.isEmpty)
        // What one of them lacks is null.
        let scored = try await home.succeed("params", "diff", "default", "waku", "--json").objects()
        let weight = scored.first { $0["parameter"] as? String == "topic_score.topic_weight" }
        #expect(weight?["a"] is NSNull)
        #expect(weight?["b"] as? Int == 1)
    }

    @Test func lintEndsWith65OnlyWhereNothingCanRun() async throws {
        let home = try TestHome()
        let clean = try await home.succeed("params", "lint", "descord")
        #expect(clean.output.isEmpty)
        #expect(clean.errors == "nothing to remark on \"descord\"\n")
        let run = try await home.succeed(
            "params", "lint", "snapshot", "--members", "3", "--cron", "60", "--json")
        let findings = try run.objects()
        for finding in findings {
            #expect(Set(finding.keys) == ["code", "severity", "field", "message", "hint"])
        }
        let codes = findings.compactMap { $0["code"] as? String }
        for code in ["mesh_stays_low", "backoff_outlasts_cron", "flood_reveals_authors"] {
            #expect(codes.contains(code), "\(code)")
        }
        let path = try self.file(#"{"d_out": 3, "max_ihave_length": 0}"#, home)
        let broken = try await home.run("params", "lint", path, "--json")
        #expect(broken.code == 65)
        #expect(try broken.error().code == "bad_parameters")
        let severities = try broken.objects().map { $0["severity"] as? String }
        #expect(severities == ["error", "warning"])
        let text = try await home.run("params", "lint", path).lines
        #expect(text.first?.hasPrefix("error: \"d_out\" is 3") == true)
    }

    @Test func everyCommandTakesAFileForAProfile() async throws {
        let home = try await TestHome.made(space: "ops")
        let good = try self.file(#"{"profile": "small", "d_high": 8}"#, home)
        try await home.succeed("sync", "--profile", good)
        try await home.succeed("log", "--profile", "snapshot")
        let bad = try self.file(#"{"d_low": 9}"#, home, name: "bad.json")
        for command in ["sync", "log", "id"] {
            let run = try await home.run(command, "--profile", bad, "--json")
            #expect(run.code == 78)
            #expect(try run.error().code == "bad_parameters")
        }
        // Where a file is relative to changes; what is stored does not.
        try await home.succeed("config", "set", "profile", good)
        #expect(try await home.succeed("config", "get", "profile").lines == [good])
        #expect(try await home.run("config", "set", "profile", bad).code == 78)
        // A file that was good when it was stored is looked at by the command that mends it.
        _ = try self.file(#"{"d_low": 9}"#, home)
        #expect(try await home.run("log").code == 78)
        #expect(try await home.run("params", "lint").code == 65)
        try await home.succeed("config", "unset", "profile")
        try await home.succeed("log")
    }

    @Test func theDefaultOfTheSettingIsDescordsOwn() async throws {
        let home = try TestHome()
        #expect(try await home.succeed("config", "get", "profile").lines == ["descord"])
    }
}
