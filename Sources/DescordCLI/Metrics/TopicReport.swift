import DescordNode
import DescordStore
import LibP2PCore

/// What was measured on one topic, over all runs or since a time.
package struct TopicReport: Sendable {
    package let topic: String
    /// The name of the space, when it is one of ours and has a name that may be shown.
    package let spaceName: String?
    package let lastActivity: WallTime?
    /// The minute in which a node recorded something last.
    package let recorded: WallTime?
    package let gauges: MeshGauges
    package let propagation: PropagationHistogram
    private let counters: [String: Int64]

    package init(_ metrics: TopicMetrics, spaceName: String? = nil) {
        self.topic = metrics.topic
        self.spaceName = spaceName
        self.lastActivity = metrics.lastActivity
        self.recorded = metrics.recorded
        self.gauges = MeshGauges(meshPeers: metrics.meshPeers, stored: metrics.gauges)
        self.propagation = PropagationHistogram(counters: metrics.more)
        var counters = metrics.more
        counters["messages_published"] = metrics.messagesPublished
        counters["messages_received"] = metrics.messagesReceived
        counters["duplicates_received"] = metrics.duplicatesReceived
        self.counters = counters
    }

    /// A counter by its stored name.
    package func count(_ name: String) -> Int64 { self.counters[name] ?? 0 }

    /// The counters of a family, by reason.
    package func counts(_ family: GossipReasons) -> [(reason: String, count: Int64)] {
        family.reasons.map { ($0, self.count(family.stored($0))) }
    }

    /// Messages that others wrote while a node was here, and that gossip did not bring.
    package var missed: Int64 {
        max(0, self.count(MetricsRecorder.syncedName) - self.count(MetricsRecorder.syncedThenGossipedName))
    }

    /// Which share of what others wrote while a node was here gossip brought; nil when nothing was written.
    package var deliveryRate: Double? {
        let received = self.count("messages_received")
        let all = received + self.missed
        return all > 0 ? Double(received) / Double(all) : nil
    }

    // MARK: - As an object

    package var object: JSONValue {
        typealias Member = JSONValue.Member
        func counter(_ name: String) -> Member { Member(name: name, value: .integer(self.count(name))) }
        func gauge(_ name: String, _ value: Int) -> Member {
            Member(name: name, value: .integer(Int64(value)))
        }
        let first = ["messages_published", "messages_received", "duplicates_received"]
        var members = [
            Member(name: "topic", value: .string(self.topic)),
            Member(name: "space_name", value: .optional(self.spaceName)),
        ]
        members += first.map(counter)
        members += [
            gauge("mesh_peers", self.gauges.meshPeers), gauge("mesh_low", self.gauges.low),
            gauge("mesh_target", self.gauges.target), gauge("mesh_high", self.gauges.high),
            gauge("subscribers", self.gauges.subscribers), gauge("backoffs", self.gauges.backoffs),
        ]
        members += GossipCounter.all.map(\.name).filter { !first.contains($0) }.map(counter)
        members.append(counter(MetricsRecorder.presenceSentName))
        members += GossipReasons.all.map { family in
            let counts = self.counts(family).map { Member(name: $0.reason, value: .integer($0.count)) }
            return Member(name: family.name, value: .object(counts))
        }
        members += [
            Member(name: "messages_missed", value: .integer(self.missed)),
            Member(name: "delivery_rate", value: .optional(self.deliveryRate)),
            Member(name: "propagation", value: self.propagationObject),
            Member(name: "scores", value: self.scoresObject),
            Member(name: "last_activity", value: .optional(self.lastActivity)),
            Member(name: "recorded", value: .optional(self.recorded)),
        ]
        return .object(members)
    }

    private var propagationObject: JSONValue {
        let buckets = zip(PropagationHistogram.bounds.map { String($0) } + ["inf"], self.propagation.counts)
        return [
            "count": .integer(self.propagation.count), "sum_ms": .integer(self.propagation.sum),
            "p50_ms": .optional(self.propagation.quantile(0.5)),
            "p99_ms": .optional(self.propagation.quantile(0.99)),
            "buckets_ms": .object(buckets.map { JSONValue.Member(name: $0, value: .integer($1)) }),
        ]
    }

    private var scoresObject: JSONValue {
        let levels = ScoreSpread.Level.allCases.map {
            JSONValue.Member(name: $0.rawValue, value: .integer(Int64(self.gauges.scores[$0])))
        }
        return .object(
            [
                JSONValue.Member(name: "min", value: .optional(self.gauges.scores.least)),
                JSONValue.Member(name: "median", value: .optional(self.gauges.scores.median)),
                JSONValue.Member(name: "max", value: .optional(self.gauges.scores.greatest)),
            ] + levels)
    }

    // MARK: - As text

    /// The rows for people: what every topic has, and of the rest what is not 0.
    package var table: TextTable {
        var table = TextTable()
        func add(_ name: String, _ value: String) {
            table.add("  " + name.replacing("_", with: " "), value)
        }
        let first = ["messages_published", "messages_received", "duplicates_received"]
        for name in first { add(name, String(self.count(name))) }
        let bounds = self.gauges.high > 0 ? " (\(self.gauges.low) to \(self.gauges.high))" : ""
        add("mesh_peers", "\(self.gauges.meshPeers)\(bounds), of \(self.gauges.subscribers) subscribers")
        for counter in GossipCounter.all where !first.contains(counter.name) && self.count(counter.name) != 0
        {
            add(counter.name, String(self.count(counter.name)))
        }
        let presence = self.count(MetricsRecorder.presenceSentName)
        if presence != 0 { add(MetricsRecorder.presenceSentName, String(presence)) }
        for family in GossipReasons.all {
            let counts = self.counts(family).filter { $0.count != 0 }
            if counts.isEmpty { continue }
            add(family.name, counts.map { "\($0.reason) \($0.count)" }.joined(separator: ", "))
        }
        if let rate = self.deliveryRate { add("delivery_rate", "\((rate * 1_000).rounded() / 10) %") }
        if let half = self.propagation.quantile(0.5), let most = self.propagation.quantile(0.99) {
            add("propagation", "half within \(Int(half.rounded())) ms, 99 % within \(Int(most.rounded())) ms")
        }
        if self.gauges.backoffs != 0 { add("backoffs", String(self.gauges.backoffs)) }
        let scores = self.gauges.scores
        if let least = scores.least, let median = scores.median, let greatest = scores.greatest {
            func text(_ score: Double) -> String { String((score * 10).rounded() / 10) }
            add("scores", "\(text(least)) to \(text(greatest)), median \(text(median))")
        }
        add("last_activity", self.lastActivity.map(Timestamp.format) ?? "never")
        return table
    }
}
