import Foundation
import LibP2P
import LibP2PCore
import Testing

@testable import DescordSimulation

/// Scenario files: what is built in, what is read, and what is refused.
@Suite struct ScenarioFileTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/DescordSimulation/Scenarios")

    private static func read(_ text: String) throws -> Scenario {
        try Scenario(named: "test", reading: Array(text.utf8))
    }

    private static func failure(_ text: String) -> ScenarioFailure? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return error as? ScenarioFailure
        }
    }

    @Test func everyFileIsBuiltInAndReads() throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.folder, includingPropertiesForKeys: nil)
        let names = files.map { $0.deletingPathExtension().lastPathComponent }.sorted()
        #expect(names == ScenarioLibrary.names.sorted())
        for file in files {
            let name = file.deletingPathExtension().lastPathComponent
            let built = try #require(try ScenarioLibrary.scenario(name))
            #expect(try built == Scenario(named: name, reading: Array(Data(contentsOf: file))))
            #expect(!built.summary.isEmpty && !built.summary.contains("\n"))
        }
        #expect(try ScenarioLibrary.scenario("nosuch") == nil)
    }

    @Test func theScenariosOfTheContractAreThere() {
        let expected = [
            "steady", "churn", "partition", "cold-boot", "sybil", "eclipse", "covert-flash", "slow-peers",
            "ihave-flood", "graft-flood", "tiny-space", "kicked-in-mesh", "replay-flood", "hold-flood",
            "adaptive-sybil",
        ]
        #expect(Set(expected).isSubset(of: ScenarioLibrary.names))
    }

    @Test func whatIsWrittenReadsAsTheSame() throws {
        for name in ScenarioLibrary.names where name != "swarm" {
            let scenario = try #require(try ScenarioLibrary.scenario(name))
            #expect(try Scenario(named: name, reading: Array(scenario.text.utf8)) == scenario)
        }
        for seed in 0..<200 {
            let drawn = SwarmDraw.scenario(seed: UInt64(seed), from: Swarm.scenario)
            #expect(try Scenario(named: drawn.name, reading: Array(drawn.text.utf8)) == drawn)
        }
    }

    @Test func everyMemberIsRead() throws {
        let scenario = try Self.read(
            """
            {"shows": "a \\"test\\"", "nodes": 12, "topology": {"kind": "clusters", "count": 3}, "loss": 0.1,
             "latency_ms": [{"share": 0.5, "min": 1, "max": 2}, {"share": 0.5, "min": 8, "max": 9}],
             "jitter_ms": {"mean": 5, "deviation": 1}, "bandwidth_mbit": 10, "drift_ppm": 50,
             "validation_ms": 3, "signatures": "real", "boot_s": 2, "warm_up_s": 3, "messages": 4,
             "rate": 5.5, "bytes": 6, "publishers": 7, "cool_down_s": 8, "deliver_within_ms": 900,
             "urgent": {"every": 3, "bytes": 4}, "downlink_factor": 2,
             "burst": {"messages": 5, "bytes": 6, "at_s": 7, "bandwidth_mbit": 8},
             "profile": "small", "parameters": {"d_lazy": 3, "gossip_factor": 0.5, "flood_publish": true},
             "private": true, "churn": {"times": 2}, "slow_nodes": {"share": 0.5},
             "partitions": [{"at_s": 1}], "attacks": [{"kind": "sybil", "count": 2, "victims": 3}]}
            """)
        #expect(scenario.summary == "a \"test\"")
        #expect(scenario.nodes == 12)
        #expect(scenario.topology == .clusters(count: 3, degree: 12, bridges: 6))
        #expect(scenario.jitterMilliseconds == .normal(mean: 5, deviation: 1))
        #expect(scenario.latencyMilliseconds.least == 1 && scenario.latencyMilliseconds.greatest == 9)
        #expect(scenario.signatures == .real)
        #expect(scenario.publishers == 7)
        #expect(scenario.downlinkFactor == 2)
        #expect(scenario.urgent == Scenario.Urgent(every: 3, bytes: 4))
        #expect(
            scenario.burst == Scenario.Burst(messages: 5, bytes: 6, atSeconds: 7, bandwidthMegabits: 8))
        #expect(scenario.profile == .small)
        #expect(scenario.parameters.map(\.path) == ["d_lazy", "gossip_factor", "flood_publish"])
        #expect(scenario.churn?.times == 2)
        #expect(scenario.partitions.count == 1)
        #expect(scenario.attackers == 2)
        #expect(try scenario.routerParameters().degreeLazy == 3)
        #expect(try scenario.routerParameters().floodPublish)
    }

    @Test(
        arguments: [
            ("", nil, "too early"), ("[]", 1, "object"), ("{}", 1, "\"shows\""),
            ("{\"shows\": \"a\",\n \"nodes\": 1}", 2, "from 2 to 10000"),
            ("{\"shows\": \"a\",\n \"nodes\": 2.5}", 2, "whole number"),
            ("{\"shows\": \"a\",\n\n \"lattency_ms\": 3}", 3, "lattency_ms"),
            ("{\"shows\": \"a\", \"shows\": \"b\"}", 1, "twice"),
            ("{\"shows\": \"a\"} x", 1, "after"), ("{\"shows\": \"a\"", 1, "comma"),
            ("{\"shows\": \"a\", \"loss\": \"much\"}", 1, "\"loss\""),
            ("{\"shows\": \"a\", \"loss\": 1e999}", 1, "number"),
            ("{\"shows\": \"a\", \"topology\": {\"kind\": \"cube\"}}", 1, "random, complete"),
            ("{\"shows\": \"a\", \"topology\": {\"kind\": \"star\", \"degree\": 3}}", 1, "degree"),
            ("{\"shows\": \"a\", \"latency_ms\": {\"min\": 3, \"max\": 2}}", 1, "above"),
            ("{\"shows\": \"a\", \"latency_ms\": {\"min\": 3}}", 1, "\"max\" is missing"),
            ("{\"shows\": \"a\", \"attacks\": [{}]}", 1, "\"kind\" is missing"),
            ("{\"shows\": \"a\", \"attacks\": {}}", 1, "a list"),
            ("{\"shows\": \"a\\n\"}", 1, "escapes"), ("{\"shows\": \"a\u{7}\"}", 1, "control"),
            ("{\"shows\": \"a\", \"partitions\": [{\"for_s\": 1, \"silent_s\": 2}]}", nil, "silent_s"),
            (
                "{\"shows\": \"a\", \"nodes\": 10000, "
                    + "\"attacks\": [{\"kind\": \"sybil\", \"per_honest\": 5}]}",
                nil,
                "attackers"
            ),
            (String(repeating: "[", count: 100), 1, "deeply"),
        ] as [(String, Int?, String)])
    func whatDoesNotFitIsRefusedWithItsLine(_ text: String, _ line: Int?, _ words: String) throws {
        let failure = try #require(Self.failure(text))
        #expect(failure.kind == .form)
        if let line { #expect(failure.line == line) }
        #expect(failure.message.contains(words), "\(failure.message)")
    }

    @Test(arguments: [
        "{\"shows\": \"a\", \"profile\": \"nosuch\"}", "{\"shows\": \"a\", \"parameters\": {\"nosuch\": 1}}",
        "{\"shows\": \"a\", \"parameters\": {\"d\": 0.5}}", "{\"shows\": \"a\", \"parameters\": {\"d\": 99}}",
    ])
    func parametersThatCannotBeRunWithAreTold(_ text: String) throws {
        #expect(try #require(Self.failure(text)).kind == .parameters)
    }

    @Test func noBytesMakeTheReaderFailOtherwise() {
        var prng = Chance(seed: 1).generator(.scenario)
        let alphabet = Array("{}[]\",:0123456789.eE+-\\ \nshowstrueflasn\u{e4}".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<prng.below(40)).map { _ in alphabet[prng.below(alphabet.count)] }
            // Whatever it is, it is refused or read, and nothing traps.
            _ = try? Scenario(named: "noise", reading: bytes)
        }
    }
}
