import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import Testing

@testable import DescordNode

@Suite struct PropagationHistogramTests {
    @Test func aTimeIsInTheFirstBucketThatHoldsIt() {
        var histogram = PropagationHistogram()
        for time: Int64 in [-5, 0, 10, 11, 600_000, 600_001] { histogram.observe(milliseconds: time) }
        #expect(histogram.counts == [3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
        #expect(histogram.count == 6)
        // A clock ahead of ours took no time.
        #expect(histogram.sum == 1_200_022)
    }

    @Test func aSumThatDoesNotFitStopsAtTheEnd() {
        var histogram = PropagationHistogram()
        histogram.observe(milliseconds: .max)
        histogram.observe(milliseconds: .max)
        #expect(histogram.sum == .max)
        #expect(histogram.count == 2)
    }

    @Test func quantilesLieInProportionBetweenTheBounds() {
        var histogram = PropagationHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for _ in 0..<10 { histogram.observe(milliseconds: 20) }
        #expect(histogram.quantile(0.5) == 17.5)
        #expect(histogram.quantile(1) == 25)
        for _ in 0..<90 { histogram.observe(milliseconds: 400) }
        #expect(histogram.quantile(0.1) == 25)
        #expect(histogram.quantile(0.55) == 375)
        for _ in 0..<900 { histogram.observe(milliseconds: 700_000) }
        #expect(histogram.quantile(0.5) == 600_000)
    }

    @Test func countersBringItBack() {
        var histogram = PropagationHistogram()
        for time: Int64 in [1, 30, 90_000, 1_000_000] { histogram.observe(milliseconds: time) }
        let stored = Dictionary(uniqueKeysWithValues: histogram.counters.map { ($0.name, $0.value) })
        #expect(stored["propagation_ms.10"] == 1 && stored["propagation_ms.inf"] == 1)
        #expect(PropagationHistogram(counters: stored) == histogram)
        #expect(PropagationHistogram(counters: [:]) == PropagationHistogram())
    }
}

@Suite struct MeshGaugeTests {
    @Test func scoresAreSortedIntoWhatTheyLeadTo() {
        let thresholds = PeerScoreThresholds(
            gossip: -10, publish: -20, graylist: -30, acceptPX: 0, opportunisticGraft: 0)
        let spread = ScoreSpread([5, -31, 0, -10, -11, -20, -30, -1], thresholds)
        let counts = ScoreSpread.Level.allCases.map { spread[$0] }
        // At a threshold nothing follows yet.
        #expect(counts == [1, 1, 2, 2, 1, 1])
        #expect(spread.least == -31)
        #expect(spread.median == -10)
        #expect(spread.greatest == 5)
        #expect(ScoreSpread([], thresholds).median == nil)
    }

    @Test func whatIsStoredBringsThemBack() {
        var gauges = MeshGauges()
        gauges.meshPeers = 3
        gauges.subscribers = 7
        gauges.backoffs = 2
        gauges.low = 4
        gauges.target = 6
        gauges.high = 12
        gauges.scores = ScoreSpread([-1.5, 2.25, 1e9], PeerScoreThresholds())
        #expect(MeshGauges(meshPeers: 3, stored: gauges.stored) == gauges)
        #expect(MeshGauges(meshPeers: 0, stored: [:]) == MeshGauges())
        gauges.scores = ScoreSpread([.infinity, -.infinity, .nan], PeerScoreThresholds())
        #expect(gauges.stored.values.allSatisfy { abs($0) <= 1_000_000_000_000_000_000 })
    }
}

@Suite struct MetricsRecorderTests {
    private let topic = Topic("t")

    @Test func onlyWhatIsNewIsTaken() throws {
        var recorder = MetricsRecorder()
        var counters = TopicCounters()
        var gauges = MeshGauges()
        gauges.meshPeers = 2
        counters.published = 3
        counters.iwantServed = 1
        recorder.delivered(in: topic, milliseconds: 20)
        recorder.synced(in: topic)
        recorder.synced(in: topic)
        recorder.gossipedAfterSync(in: topic)
        let taken = recorder.take(topic, counters, gauges, lastActivity: WallTime(milliseconds: 9))
        let first = try #require(taken)
        #expect(first.messagesPublished == 3 && first.meshPeers == 2 && first.messagesReceived == 0)
        #expect(
            first.more == [
                "iwant_served": 1, "propagation_ms.25": 1, "propagation_ms.sum": 20, "live_synced": 2,
                "live_synced_then_gossiped": 1,
            ])
        #expect(first.lastActivity == WallTime(milliseconds: 9))
        let again = recorder.take(topic, counters, gauges, lastActivity: nil)
        #expect(again == nil)
        counters.published = 5
        let more = recorder.take(topic, counters, gauges, lastActivity: nil)
        let second = try #require(more)
        #expect(second.messagesPublished == 2 && second.more.isEmpty)
        // A change of the mesh alone is news too.
        gauges.meshPeers = 1
        let changed = recorder.take(topic, counters, gauges, lastActivity: nil)
        let third = try #require(changed)
        #expect(third.messagesPublished == 0 && third.meshPeers == 1)
    }

    @Test func everyCounterOfTheRouterHasAName() {
        // All but the last activity are counters; three of them are kept by reason.
        let properties = Mirror(reflecting: TopicCounters()).children.count
        #expect(GossipCounter.all.count + GossipReasons.all.count == properties - 1)
        let names = GossipCounter.all.map(\.name) + GossipReasons.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(GossipReasons.prunes.reasons == PruneReason.allCases.map(\.rawValue))
    }
}

/// What a node measures, from beginning to end.
@Suite(.timeLimit(.minutes(1))) struct NodeMetricsTests {
    @Test func whatPassedBetweenTwoNodesIsInTheDatabaseOfBoth() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobNode = try await bob.start()
        _ = try await bobNode.join(.ticket(ticket), deadline: .seconds(20))
        for number in 0..<5 {
            let (_, publication) = try await bobNode.post(
                "message \(number)", channel: channel, in: space, deadline: .seconds(20))
            #expect(!publication.storedBy.isEmpty)
        }
        await bobNode.stop()
        await aliceNode.stop()
        let sent = try #require(try bob.store.metrics().first)
        let received = try #require(try alice.store.metrics().first)
        #expect(sent.messagesPublished == 5)
        let histogram = PropagationHistogram(counters: received.more)
        let synced = received.more[MetricsRecorder.syncedName] ?? 0
        let copies = received.more[MetricsRecorder.syncedThenGossipedName] ?? 0
        // Each came by gossip, or by synchronisation and then by gossip, or by synchronisation alone.
        #expect(histogram.count + synced >= 5)
        #expect(received.messagesReceived >= histogram.count)
        #expect(copies <= synced)
        #expect(received.lastActivity != nil || synced > 0)
        #expect(received.gauges["mesh_low"] == 4 && received.gauges["mesh_high"] == 12)
    }
}
