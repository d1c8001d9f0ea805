import Foundation
import Testing

/// `sim` from outside: what it prints, and how it ends.
@Suite struct SimCommandTests {
    private static let small = ["--nodes", "20", "--messages", "5", "--rate", "5"]

    @Test func twoProcessesHaveTheSameEvents() async throws {
        let home = try TestHome()
        var hashes: [String] = []
        for seed in ["7", "7", "8"] {
            let run = try await home.succeed("sim", "run", "swarm", "--seed", seed, "--json")
            hashes.append(try #require(try run.object()["event_hash"] as? String))
        }
        #expect(hashes[0] == hashes[1])
        #expect(hashes[0] != hashes[2])
    }

    @Test func aRunEndsWithOneObject() async throws {
        let home = try TestHome()
        let run = try await home.run(
            program: TestHome.binary,
            ["sim", "run", "--json", "--latency", "10..20", "--bandwidth", "100", "--bytes", "64"]
                + Self.small)
        #expect(run.code == 0)
        let object = try run.object()
        #expect(object["nodes"] as? Int == 20)
        #expect(object["messages"] as? Int == 5)
        #expect(object["expected"] as? Int == 95)
        #expect(object["delivered"] as? Int == 95)
        #expect((object["violations"] as? [Any])?.isEmpty == true)
        let latency = try #require(object["latency_ms"] as? [String: Double])
        #expect(Set(latency.keys) == ["p50", "p95", "p99", "max"])
        #expect(latency["p50"] ?? 0 >= 10)
    }

    @Test func aViolationEndsWith1() async throws {
        let home = try TestHome()
        let file = home.folder.appending(path: "late.json")
        try Data("{\"shows\": \"a\", \"deliver_within_ms\": 1}".utf8).write(to: file)
        let run = try await home.run(
            program: TestHome.binary, ["sim", "run", file.path, "--json"] + Self.small)
        #expect(run.code == 1)
        #expect(try run.object()["violation_count"] as? Int == 95)
    }

    @Test func whatCannotBeRunIsRefused() async throws {
        let home = try TestHome()
        let file = home.folder.appending(path: "bad.json").path
        let cases: [(String, [String], Int32, String)] = [
            ("", ["nosuch"], 65, "unknown_reference"),
            ("{\"shows\": \"a\",\n\"n\": 1}", [file], 65, "bad_scenario"),
            ("{\"shows\": \"a\", \"parameters\": {\"d\": 99}}", [file], 78, "bad_parameters"),
            ("", ["--profile", "nosuch"], 78, "bad_profile"), ("", ["--nodes", "1"], 64, "usage"),
            ("", ["--latency", "70..30"], 64, "usage"), ("", ["--seed", "x"], 64, "usage"),
        ]
        for (text, arguments, code, word) in cases {
            try Data(text.utf8).write(to: URL(filePath: file))
            let run = try await home.run(program: TestHome.binary, ["sim", "run", "--json"] + arguments)
            #expect(run.code == code, "\(arguments): \(run.errors)")
            #expect(try run.error().code == word, "\(arguments)")
        }
    }

    @Test func twoProfilesAreCompared() async throws {
        let home = try TestHome()
        let run = try await home.run(
            program: TestHome.binary,
            ["sim", "compare", "steady", "--profile", "descord", "--profile", "default", "--json"]
                + Self.small)
        #expect(run.code == 0)
        let object = try run.object()
        #expect((object["a"] as? [String: Any])?["profile"] as? String == "descord")
        #expect((object["b"] as? [String: Any])?["profile"] as? String == "default")
        #expect((object["difference"] as? [String: Any])?["sends_per_delivery"] != nil)
        #expect(try await home.run("sim", "compare", "steady").code == 64)
    }

    @Test func kindsOfMessagesAreToldApartWhereThereAreSeveral() async throws {
        let home = try TestHome()
        let small = ["--nodes", "12", "--messages", "10"]
        let run = try await home.run(
            program: TestHome.binary, ["sim", "run", "priority", "--json"] + small)
        #expect(run.code == 0)
        let object = try run.object()
        let urgent = try #require(object["urgent_latency_ms"] as? [String: Double])
        #expect(Set(urgent.keys) == ["p50", "p95", "p99", "max"])
        #expect(object["ordinary_latency_ms"] != nil)
        #expect(object["burst_latency_ms"] == nil)
        #expect(object["queue_full"] as? Int == 0)
        let pair = try await home.run(
            program: TestHome.binary, ["sim", "compare", "priority", "priority-plain", "--json"] + small)
        let difference = try #require(try pair.object()["difference"] as? [String: Any])
        #expect(difference["urgent_latency_p99_ms"] != nil)
        #expect(difference["burst_latency_p99_ms"] == nil)
        let quiet = try await home.run(program: TestHome.binary, ["sim", "run", "--json"] + small)
        #expect(try quiet.object()["urgent_latency_ms"] == nil)
    }

    @Test func theListNamesEveryScenarioInOneLine() async throws {
        let objects = try await TestHome().succeed("sim", "list", "--json").objects()
        #expect(objects.count >= 15)
        #expect(objects.allSatisfy { Set($0.keys) == ["scenario", "shows"] })
    }
}
