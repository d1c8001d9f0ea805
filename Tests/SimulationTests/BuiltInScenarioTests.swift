import LibP2P
import LibP2PCore
import Testing

@testable import DescordSimulation

/// The scenarios that everybody can run, smaller where they are large: no checker fires, and what is promised
/// comes.
@Suite struct BuiltInScenarioTests {
    private static let nodesMax = SmallWorld.isUnoptimised ? 25 : 300

    @Test(.timeLimit(.minutes(10)), arguments: ScenarioLibrary.names)
    func noCheckerFires(_ name: String) throws {
        var scenario = try #require(try ScenarioLibrary.scenario(name))
        if scenario.nodes > Self.nodesMax {
            for index in scenario.attacks.indices {
                scenario.attacks[index].count = scenario.attacks[index].count.map {
                    max(1, $0 * Self.nodesMax / scenario.nodes)
                }
            }
            scenario.nodes = Self.nodesMax
        }
        let figures = try SmallWorld.run(scenario)
        #expect(figures.violations == [])
        #expect(figures.messages > 0)
        #expect(figures.expected > 0)
        #expect(figures.delivered == figures.expected)
    }

    @Test(arguments: 2...3)
    func aTinySpaceWaitsForNoHeartbeat(_ nodes: Int) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var scenario = try #require(try ScenarioLibrary.scenario("tiny-space"))
            scenario.nodes = nodes
            var world = try World(scenario, seed: seed)
            let figures = world.run()
            let heartbeat = try scenario.routerParameters().heartbeatInitialDelay.saturatedNanoseconds
            #expect(figures.violations == [])
            #expect(figures.delivered == 3 * (nodes - 1))
            let first = try #require(world.publications.first)
            #expect(first.missing.count == 0 && first.expected == nodes - 1)
            // Not before a router exists does its first heartbeat begin to come nearer.
            #expect(first.at + figures.latencies.max < heartbeat)
        }
    }

    /// With these seeds single nodes of an adapted mesh lost each new place at once, and were one below D_low
    /// for six heartbeats and more.
    @Test(arguments: [6, 17] as [UInt64])
    func anAdaptedMeshStaysAtItsLowestDegree(_ seed: UInt64) throws {
        let scenario = try #require(try ScenarioLibrary.scenario("large-messages"))
        #expect(try SmallWorld.run(scenario, seed: seed).violations == [])
    }
}
