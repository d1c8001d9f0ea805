import DescordStore
import LibP2P
import LibP2PCore

/// What was counted and is not in the database yet.
package struct MetricsRecorder {
    /// What one topic came to since the start.
    private struct Record {
        var propagation = PropagationHistogram()
        /// Messages written since we are here that synchronisation brought before gossip did.
        var synced: Int64 = 0
        /// Those of them that gossip brought too.
        var syncedThenGossiped: Int64 = 0
        /// The counters and gauges that the database has.
        var stored: [String: Int64] = [:]
        var storedGauges: MeshGauges?
    }

    private var records: [Topic: Record] = [:]

    /// The stored names of the counters that make the delivery rate.
    package static let syncedName = "live_synced"
    package static let syncedThenGossipedName = "live_synced_then_gossiped"

    /// A message came by gossip for the first time, so long after it was written.
    mutating func delivered(in topic: Topic, milliseconds: Int64) {
        self.records[topic, default: Record()].propagation.observe(milliseconds: milliseconds)
    }

    /// Synchronisation brought a message that was written while we were here.
    mutating func synced(in topic: Topic) {
        self.records[topic, default: Record()].synced += 1
    }

    /// Gossip brought such a message too.
    mutating func gossipedAfterSync(in topic: Topic) {
        self.records[topic, default: Record()].syncedThenGossiped += 1
    }

    /// The stored name of the counter of our own signs of life.
    package static let presenceSentName = "presence_sent"

    /// Returns what is new since the last time, and takes it for stored; nil when nothing is. What we publish
    /// on a topic of presence is no message.
    mutating func take(
        _ topic: Topic, _ counters: TopicCounters, _ gauges: MeshGauges, lastActivity: WallTime?,
        isPresence: Bool = false
    ) -> TopicMetrics? {
        var record = self.records[topic] ?? Record()
        var totals: [String: Int64] = [
            Self.syncedName: record.synced, Self.syncedThenGossipedName: record.syncedThenGossiped,
        ]
        for counter in GossipCounter.all { totals[counter.name] = Int64(clamping: counter.value(counters)) }
        for reasons in GossipReasons.all {
            for (name, value) in reasons.values(counters) { totals[name] = Int64(clamping: value) }
        }
        for (name, value) in record.propagation.counters { totals[name] = value }
        if isPresence {
            totals[Self.presenceSentName] = totals.removeValue(forKey: "messages_published")
            totals["bytes_published"] = nil
        }
        var new = totals.compactMapValues { $0 == 0 ? nil : $0 }
        for (name, value) in record.stored {
            if let total = new[name] { new[name] = total == value ? nil : total - value }
        }
        guard !new.isEmpty || record.storedGauges != gauges else { return nil }
        record.stored = totals
        record.storedGauges = gauges
        self.records[topic] = record
        var metrics = TopicMetrics(topic: topic.description)
        metrics.messagesPublished = new.removeValue(forKey: "messages_published") ?? 0
        metrics.messagesReceived = new.removeValue(forKey: "messages_received") ?? 0
        metrics.duplicatesReceived = new.removeValue(forKey: "duplicates_received") ?? 0
        metrics.meshPeers = Int64(gauges.meshPeers)
        metrics.lastActivity = isPresence ? nil : lastActivity
        metrics.more = new
        metrics.gauges = gauges.stored
        return metrics
    }
}
