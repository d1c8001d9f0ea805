import LibP2P
import Testing

@testable import DescordSimulation

/// The same scenario and seed give the same run, and nothing else does.
@Suite struct DeterminismTests {
    private static let eventful = SmallWorld.calm {
        $0.topology = .complete
        $0.jitterMilliseconds = .even(0, 20)
        $0.loss = 0.01
        $0.driftPartsPerMillion = 500
        $0.churn = Scenario.Churn()
        $0.partitions = [.init(atSeconds: 1, forSeconds: 3, share: 0.3, silentSeconds: 1)]
        $0.attacks = [.init(kind: .graftFlood, count: 2, links: 5)]
    }

    @Test func theSameSeedGivesTheSameEvents() throws {
        let first = try SmallWorld.run(Self.eventful, seed: 7)
        let second = try SmallWorld.run(Self.eventful, seed: 7)
        #expect(first == second)
        #expect(first.eventHash.count == 16)
    }

    @Test func anotherSeedGivesOtherEvents() throws {
        let hashes = try (1...4).map { try SmallWorld.run(Self.eventful, seed: $0).eventHash }
        #expect(Set(hashes).count == 4)
    }

    @Test(arguments: [
        ParameterOverride("d", .integer(7)), .init("d_lazy", .integer(7)),
        .init("history_gossip", .integer(4)),
        .init("gossip_factor", .number(0.5)), .init("heartbeat_interval_ms", .integer(1_001)),
        .init("prune_backoff_ms", .integer(30_000)), .init("flood_publish", .flag(true)),
        .init("grafts_on_subscribe", .flag(false)),
    ])
    func oneOtherConstantOfTheRouterGivesOtherEvents(_ change: ParameterOverride) throws {
        var changed = Self.eventful
        changed.parameters = [change]
        let before = try SmallWorld.run(Self.eventful, seed: 7)
        let after = try SmallWorld.run(changed, seed: 7)
        #expect(before.eventHash != after.eventHash)
    }

    @Test func lookingAtAWorldInPartsChangesNothing() throws {
        var world = try World(Self.eventful, seed: 7)
        while world.advance(events: 100) { _ = world.figures }
        #expect(try world.figures == SmallWorld.run(Self.eventful, seed: 7))
    }
}
