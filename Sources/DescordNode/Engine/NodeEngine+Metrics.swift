import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore

extension NodeEngine {
    /// How often what was counted goes into the database while the node stays: so much may be missing from
    /// what `metrics` prints meanwhile, or be lost with the power.
    private static let metricsInterval = TimeAmount.seconds(15)

    /// Writes what was counted since the last time; nothing when there is nothing new.
    func recordMetrics() {
        let now = self.configuration.wallTime()
        let metrics = self.measuredTopics.compactMap { topic in
            let counters = self.gossip.counters(topic)
            return self.metrics.take(
                topic, counters, self.gauges(of: topic),
                lastActivity: counters.lastActivity.map { now - (self.host.now - $0) },
                isPresence: self.isPresenceTopic(topic))
        }
        guard !metrics.isEmpty else { return }
        let store = self.store
        self.pipeline.write {
            try store.addMetrics(metrics, at: now)
            try store.compactMetrics(at: now)
        }
    }

    /// Records the metrics again and again while the node stays.
    func keepRecordingMetrics() {
        guard self.configuration.presence == .longLived, !self.isStopping else { return }
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.metricsInterval) { [weak self] in
            guard let self, !self.isStopping else { return }
            self.recordMetrics()
            self.keepRecordingMetrics()
        }
    }

    /// Our spaces' topics, and others that something passed through.
    private var measuredTopics: [Topic] {
        let spaces = self.spaces.map(\.topic)
        let others = self.gossip.ownTopics.filter { topic in
            let counters = self.gossip.counters(topic)
            return !spaces.contains(topic) && counters.published + counters.received + counters.presence > 0
        }
        return spaces + others.sorted()
    }

    private func gauges(of topic: Topic) -> MeshGauges {
        var gauges = MeshGauges()
        let subscribers = self.gossip.subscribers(topic)
        gauges.meshPeers = self.gossip.meshPeers(topic).count
        gauges.subscribers = subscribers.count
        gauges.backoffs = self.gossip.backoffs.count { $0.topic == topic }
        if let degrees = self.gossip.meshDegrees(topic) {
            gauges.low = degrees.degreeLow
            gauges.target = degrees.degree
            gauges.high = degrees.degreeHigh
        }
        gauges.scores = ScoreSpread(
            subscribers.map { self.gossip.score(of: $0) }, self.configuration.gossipSub.thresholds)
        return gauges
    }

    // MARK: - What is counted here

    /// An operation came by gossip and was new.
    func measureDelivery(of operation: DescordCore.Operation, in topic: Topic, at received: WallTime) {
        self.metrics.delivered(
            in: topic,
            milliseconds: received.milliseconds - Int64(clamping: operation.header.clock.milliseconds))
    }

    /// Operations came by synchronisation: those that others wrote since we are here, gossip has not brought.
    func measureSynced(_ operations: [DescordCore.Operation], in context: SpaceContext) {
        for operation in operations
        where operation.author != self.key.publicKey
            && Int64(clamping: operation.header.clock.milliseconds) >= self.startedAt.milliseconds
        {
            self.syncedLive.insert(operation.id)
            self.metrics.synced(in: context.topic)
        }
    }

    /// The gossip copy of an operation that is known came.
    func measureCopy(of operation: DescordCore.Operation, in topic: Topic) {
        if self.syncedLive.remove(operation.id) { self.metrics.gossipedAfterSync(in: topic) }
    }
}
