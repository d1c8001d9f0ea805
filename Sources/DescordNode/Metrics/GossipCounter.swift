import LibP2P

/// A counter of what passed through a topic: its name, and where the router keeps it.
package struct GossipCounter: Sendable {
    /// As it is stored, and as `metrics --json` names it.
    package let name: String
    /// What it counts, in one sentence.
    package let help: String
    let value: @Sendable (TopicCounters) -> UInt64

    private init(_ name: String, _ help: String, _ value: @escaping @Sendable (TopicCounters) -> UInt64) {
        self.name = name
        self.help = help
        self.value = value
    }

    /// Every counter but those by reason and those of `PropagationHistogram`.
    package static let all: [GossipCounter] = [
        GossipCounter("messages_published", "Own messages.") { $0.published },
        GossipCounter("messages_received", "Messages of others that were new, good and came by gossip.") {
            $0.received
        },
        GossipCounter("duplicates_received", "Copies of messages that were known already.") { $0.duplicates },
        GossipCounter("messages_rejected", "Messages that were wrong in every state.") { $0.rejected },
        GossipCounter("messages_ignored", "Messages that were of no use here, or found no room.") {
            $0.ignored
        },
        GossipCounter("messages_sent", "Copies that were sent to peers, own and forwarded.") { $0.sent },
        GossipCounter("messages_delayed", "Messages that waited for bandwidth.") { $0.delayed },
        GossipCounter("queue_drops", "Messages that found no room in a peer's queue.") { $0.queueDrops },
        GossipCounter("bytes_published", "Bytes of own messages.") { $0.bytesPublished },
        GossipCounter("bytes_received", "Bytes of messages that were received.") { $0.bytesReceived },
        GossipCounter("ihave_sent", "Ids of messages that were advertised to peers.") { $0.ihaveSent },
        GossipCounter("ihave_received", "Ids of messages that peers advertised.") { $0.ihaveReceived },
        GossipCounter("iwant_sent", "Ids of messages that peers were asked for.") { $0.iwantSent },
        GossipCounter("iwant_served", "Messages that were sent because a peer asked.") { $0.iwantServed },
        GossipCounter("idontwant_sent", "Ids of messages that peers were asked to keep.") {
            $0.idontwantSent
        },
        GossipCounter("peers_offered", "Peers that were named by a PRUNE and worth dialling.") {
            $0.peersOffered
        },
        GossipCounter("presence_received", "Signs of life of others, which are no messages.") { $0.presence },
        GossipCounter("grafts", "How often a peer came into the mesh.") { $0.grafts },
        GossipCounter("prunes", "How often a peer left the mesh.") { $0.prunes },
    ]
}

/// Counters that are kept apart by a reason.
package struct GossipReasons: Sendable {
    /// As `metrics --json` names the object of them; each is stored as `name.reason`.
    package let name: String
    package let help: String
    /// What can stand for the reason.
    package let reasons: [String]
    private let value: @Sendable (TopicCounters, Int) -> UInt64

    private init<Reason: CaseIterable & RawRepresentable<String> & Sendable>(
        _ name: String, _ help: String,
        _ counts: @escaping @Sendable (TopicCounters) -> ReasonCounts<Reason>
    ) {
        let all = Array(Reason.allCases)
        self.name = name
        self.help = help
        self.reasons = all.map(\.rawValue)
        self.value = { counts($0)[all[$1]] }
    }

    package static let grafts = GossipReasons(
        "grafts_by_reason", "How often a peer came into the mesh, by reason."
    ) { $0.graftReasons }
    package static let prunes = GossipReasons(
        "prunes_by_reason", "How often a peer left the mesh, by reason."
    ) { $0.pruneReasons }
    package static let refusals = GossipReasons(
        "refusals_by_reason", "How often a GRAFT was refused, by reason."
    ) { $0.refusals }
    package static let all = [Self.grafts, .prunes, .refusals]

    /// The name under which a reason's counter is stored.
    package func stored(_ reason: String) -> String { "\(self.name).\(reason)" }

    func values(_ counters: TopicCounters) -> [(name: String, value: UInt64)] {
        self.reasons.indices.map { (self.stored(self.reasons[$0]), self.value(counters, $0)) }
    }
}
