import LibP2P

/// How a topic stands when it is looked at.
package struct MeshGauges: Hashable, Sendable {
    /// Peers that are grafted.
    package var meshPeers = 0
    /// Connected peers that count as subscribers, in the mesh or not.
    package var subscribers = 0
    /// Peers that may not be grafted yet.
    package var backoffs = 0
    /// Between which sizes the mesh is kept, and what it is brought to.
    package var low = 0
    package var target = 0
    package var high = 0
    /// The subscribers' scores.
    package var scores = ScoreSpread()

    package init() {}

    /// The gauges by their stored names, without `mesh_peers`.
    var stored: [String: Int64] {
        var values: [String: Int64] = [
            "subscribers": Int64(self.subscribers), "backoffs": Int64(self.backoffs),
            "mesh_low": Int64(self.low), "mesh_target": Int64(self.target), "mesh_high": Int64(self.high),
        ]
        for level in ScoreSpread.Level.allCases {
            values["scores." + level.rawValue] = Int64(self.scores[level])
        }
        let least = [
            ("min", self.scores.least), ("median", self.scores.median), ("max", self.scores.greatest),
        ]
        for (name, score) in least {
            // Numbers are whole in the database.
            if let score { values["score_milli." + name] = Int64((score * 1_000).clamped) }
        }
        return values
    }

    /// Reads the stored gauges.
    package init(meshPeers: Int64, stored: [String: Int64]) {
        func gauge(_ name: String) -> Int { Int(stored[name] ?? 0) }
        func score(_ name: String) -> Double? { stored["score_milli." + name].map { Double($0) / 1_000 } }
        self.meshPeers = Int(meshPeers)
        self.subscribers = gauge("subscribers")
        self.backoffs = gauge("backoffs")
        self.low = gauge("mesh_low")
        self.target = gauge("mesh_target")
        self.high = gauge("mesh_high")
        self.scores.least = score("min")
        self.scores.median = score("median")
        self.scores.greatest = score("max")
        for level in ScoreSpread.Level.allCases { self.scores[level] = gauge("scores." + level.rawValue) }
    }
}

/// How scores are spread.
package struct ScoreSpread: Hashable, Sendable {
    /// What a score leads to, from the worst on.
    package enum Level: String, CaseIterable, Sendable {
        /// Below the graylist threshold: ignored.
        case graylisted
        /// Below the publish threshold.
        case notPublishedTo = "not_published_to"
        /// Below the gossip threshold.
        case notGossipedTo = "not_gossiped_to"
        /// Below 0: not in the mesh.
        case negative
        case zero
        case positive
    }

    package var least: Double?
    /// As opportunistic grafting takes it: of the sorted scores the one at half of their number.
    package var median: Double?
    package var greatest: Double?
    private var counts = [Int](repeating: 0, count: Level.allCases.count)

    package init() {}

    init(_ scores: [Double], _ thresholds: PeerScoreThresholds) {
        let sorted = scores.sorted()
        self.least = sorted.first
        self.median = sorted.isEmpty ? nil : sorted[sorted.count / 2]
        self.greatest = sorted.last
        for score in sorted {
            let level: Level =
                if score < thresholds.graylist { .graylisted } else if score < thresholds.publish {
                    .notPublishedTo
                } else if score < thresholds.gossip { .notGossipedTo } else if score < 0 { .negative } else {
                    score == 0 ? .zero : .positive
                }
            self[level] += 1
        }
    }

    /// How many scores are of a level.
    package subscript(level: Level) -> Int {
        get { self.counts[Self.index(level)] }
        set { self.counts[Self.index(level)] = newValue }
    }

    private static func index(_ level: Level) -> Int {
        guard let index = Level.allCases.firstIndex(of: level) else {
            preconditionFailure("a level that is not one of all")
        }
        return index
    }
}

extension Double {
    /// The nearest number that an `Int64` holds with room to spare.
    fileprivate var clamped: Double { self.isNaN ? 0 : Swift.min(Swift.max(self.rounded(), -1e18), 1e18) }
}
