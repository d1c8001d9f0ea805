import LibP2P
import Testing

@testable import DescordSimulation

/// What a world does when nothing is wrong with it.
@Suite struct WorldTests {
    @Test func aQuietWorldDeliversEverythingAndNoCheckerFires() throws {
        let figures = try SmallWorld.run(SmallWorld.calm())
        #expect(figures.violations == [])
        #expect(figures.messages == 10)
        #expect(figures.expected == 290)
        #expect(figures.delivered == 290)
        #expect(figures.latencies.count == 290)
        #expect(figures.meshMin >= 4 && figures.meshMax <= 12, "\(figures.meshMin) to \(figures.meshMax)")
        #expect(figures.sendsPerDelivery ?? 0 > 1)
        #expect(figures.bytesPerDelivery ?? 0 > 200)
    }

    @Test func aDeliveryTakesAtLeastTheLatencyOfALink() throws {
        let figures = try SmallWorld.run(SmallWorld.calm { $0.latencyMilliseconds = .constant(100) })
        #expect(figures.latencies.milliseconds(atShare: 0.01) ?? 0 >= 100)
        let shares = figures.latencies.milliseconds(atShare: 1) ?? 0
        #expect(shares >= 200 && shares.truncatingRemainder(dividingBy: 100) < 1, "\(shares) is no multiple")
    }

    @Test func aLineThatIsFullDelaysWhatIsSent() throws {
        let wide = try SmallWorld.run(SmallWorld.calm { $0.bytes = 100_000 })
        let narrow = try SmallWorld.run(
            SmallWorld.calm {
                $0.bytes = 100_000
                $0.bandwidthMegabits = .constant(10)
            })
        // 100,000 bytes take 80 ms at 10 Mbit/s, and each node has several to send.
        let first = wide.latencies.milliseconds(atShare: 0.5) ?? 0
        let second = narrow.latencies.milliseconds(atShare: 0.5) ?? 0
        #expect(second > first + 100, "\(first) and \(second) ms")
        #expect(narrow.violations == [])
    }

    @Test func lossDelaysAndDeliversAllTheSame() throws {
        let clean = try SmallWorld.run(SmallWorld.calm())
        let lossy = try SmallWorld.run(SmallWorld.calm { $0.loss = 0.2 })
        #expect(lossy.violations == [])
        #expect(lossy.delivered == lossy.expected)
        #expect(lossy.latencies.max > clean.latencies.max)
    }

    @Test(arguments: [
        Scenario.Topology.complete, .ring(degree: 4), .smallWorld(degree: 6, rewired: 0.2), .tree(fanOut: 3),
        .scaleFree(degree: 4), .clusters(count: 3, degree: 6, bridges: 4),
        .random(degree: 8),
    ])
    func everyTopologyConnectsEverybody(_ topology: Scenario.Topology) throws {
        let figures = try SmallWorld.run(SmallWorld.calm { $0.topology = topology })
        #expect(figures.expected == 290)
        #expect(figures.delivered == 290)
        #expect(figures.violations == [])
    }

    @Test func aStarWorksAsFarAsTheMeshOfItsCentreGoes() throws {
        let figures = try SmallWorld.run(SmallWorld.calm(nodes: 12) { $0.topology = .star })
        #expect(figures.delivered == 110)
        #expect(figures.violations == [])
    }

    @Test func nodesThatGoAndComeBackAreServedWhenTheyAreThere() throws {
        let figures = try SmallWorld.run(
            SmallWorld.calm {
                $0.churn = Scenario.Churn(share: 0.4, times: 2, awaySeconds: .even(1, 3), politeShare: 0.5)
                $0.messages = 40
            })
        #expect(figures.violations == [])
        #expect(figures.expected < 40 * 29)
        #expect(figures.delivered == figures.expected)
    }

    @Test func aPartitionKeepsMessagesOnTheirSideAndThenHeals() throws {
        let figures = try SmallWorld.run(
            SmallWorld.calm {
                $0.messages = 40
                $0.partitions = [.init(atSeconds: 5, forSeconds: 12, share: 0.5, silentSeconds: 2)]
            })
        #expect(figures.violations == [])
        #expect(figures.expected < 40 * 29)
    }

    @Test func signaturesCanBeReal() throws {
        let figures = try SmallWorld.run(
            SmallWorld.calm(nodes: 8) {
                $0.signatures = .real
                $0.messages = 3
            })
        #expect(figures.delivered == 21)
        #expect(figures.violations == [])
    }
}
