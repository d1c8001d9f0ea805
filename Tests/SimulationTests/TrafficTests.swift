import LibP2P
import Testing

@testable import DescordSimulation

/// What priority and limits of bandwidth buy: each in a world that has it, beside the same without it.
@Suite struct TrafficTests {
    /// A built-in scenario with fewer nodes and messages.
    private static func small(_ name: String, messages: Int) throws -> Scenario {
        var scenario = try #require(try ScenarioLibrary.scenario(name))
        scenario.nodes = 24
        scenario.messages = messages
        return scenario
    }

    /// Runs both sides of a pair, each without a violation and complete.
    private static func pair(_ name: String, seed: UInt64) throws -> (with: RunFigures, without: RunFigures) {
        let with = try SmallWorld.run(Self.small(name, messages: 60), seed: seed)
        let without = try SmallWorld.run(Self.small("\(name)-plain", messages: 60), seed: seed)
        for figures in [with, without] {
            #expect(figures.violations == [])
            #expect(figures.delivered == figures.expected)
        }
        return (with, without)
    }

    @Test(arguments: [("priority", "prioritises"), ("shaping", "topic_bytes_per_s")])
    func theScenariosOfAPairDifferInOneParameter(_ name: String, _ path: String) throws {
        let scenario = try #require(try ScenarioLibrary.scenario(name))
        var plain = try #require(try ScenarioLibrary.scenario("\(name)-plain"))
        #expect((scenario.parameters + plain.parameters).map(\.path) == [path])
        plain.name = scenario.name
        plain.summary = scenario.summary
        plain.parameters = scenario.parameters
        #expect(plain == scenario)
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func urgentMessagesPassFullQueuesWhereThereIsPriority(_ seed: UInt64) throws {
        let (with, without) = try Self.pair("priority", seed: seed)
        for figures in [with, without] {
            #expect(figures.urgentLatencies.count == 6 * 23)
            #expect(figures.ordinaryLatencies.count == 54 * 23)
        }
        let fast = try #require(with.urgentLatencies.milliseconds(atShare: 0.99))
        let slow = try #require(without.urgentLatencies.milliseconds(atShare: 0.99))
        #expect(fast * 2 < slow, "\(fast) and \(slow) ms")
        // Chat pays next to nothing for it.
        let before = try #require(without.ordinaryLatencies.milliseconds(atShare: 0.99))
        let after = try #require(with.ordinaryLatencies.milliseconds(atShare: 0.99))
        #expect(after < before * 1.2, "\(after) and \(before) ms")
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func aFileThatIsHeldBackLeavesRoomForTheOthers(_ seed: UInt64) throws {
        let (with, without) = try Self.pair("shaping", seed: seed)
        for figures in [with, without] {
            #expect(figures.burstLatencies.count == 48 * 23)
            #expect(figures.ordinaryLatencies.count == 60 * 23)
        }
        let quick = try #require(with.ordinaryLatencies.milliseconds(atShare: 0.99))
        let slow = try #require(without.ordinaryLatencies.milliseconds(atShare: 0.99))
        #expect(quick * 3 < slow, "\(quick) and \(slow) ms")
        // Its author pays: it takes longer, and loses nothing.
        #expect(with.burstLatencies.max > without.burstLatencies.max)
    }

    @Test func aFileThatIsTooLargeForQueuesWaitsInFrontOfThem() throws {
        var scenario = try Self.small("shaping", messages: 60)
        scenario.burst = Scenario.Burst(messages: 300, bytes: 65_536, atSeconds: 5, bandwidthMegabits: 100)
        scenario.coolDownSeconds = 200
        let with = try SmallWorld.run(scenario)
        #expect(with.queueFull == 0)
        #expect(with.violations == [])
        #expect(with.delivered == with.expected)
        scenario.parameters = []
        #expect(try SmallWorld.run(scenario).queueFull > 0)
    }

    @Test func withNothingToTellApartThereIsOneKindOfLatency() throws {
        let figures = try SmallWorld.run(SmallWorld.calm())
        #expect(figures.latenciesByKind.isEmpty)
        let told = try SmallWorld.run(SmallWorld.calm { $0.urgent = Scenario.Urgent(every: 4, bytes: 9) })
        #expect(told.latenciesByKind.map(\.kind) == ["urgent", "ordinary"])
        #expect(told.urgentLatencies.count == 3 * 29)
    }

    @Test func aLineThatReceivesMoreThanItSendsDelaysLess() throws {
        let symmetric = SmallWorld.calm {
            $0.bytes = 100_000
            $0.bandwidthMegabits = .constant(10)
        }
        var asymmetric = symmetric
        asymmetric.downlinkFactor = 10
        let slow = try SmallWorld.run(symmetric).latencies.milliseconds(atShare: 0.5) ?? 0
        let fast = try SmallWorld.run(asymmetric).latencies.milliseconds(atShare: 0.5) ?? 0
        #expect(fast + 70 < slow, "\(fast) and \(slow) ms")
    }
}
