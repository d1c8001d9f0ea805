/// A year: no duration is longer.
private let longest = 31_536_000_000
private let degrees = ParameterKind.integer(MeshDegrees.range)
private let positive = ParameterKind.milliseconds(1...longest)
private let duration = ParameterKind.milliseconds(0...longest)
private let count = ParameterKind.integer(0...1_000_000_000)
private let positiveCount = ParameterKind.integer(1...1_000_000_000)

extension ParameterField {
    private static func field<Value: ParameterRepresentable>(
        _ name: String, _ path: any WritableKeyPath<GossipSubParameters, Value> & Sendable,
        _ kind: ParameterKind,
        _ summary: String
    ) -> ParameterField {
        ParameterField(.router, .router, name, path, kind, summary)
    }

    static let router = Self.degree + Self.time + Self.gossip + Self.publishing + Self.bounds

    private static let degree = [
        field("d", \.degree, degrees, "The mesh's target size in a topic."),
        field("d_low", \.degreeLow, degrees, "Below it the mesh is filled up to `d`."),
        field(
            "d_high", \.degreeHigh, degrees,
            "At it the mesh is cut down to `d`, and peers that dialled us are not let in."),
        field("d_score", \.degreeScore, degrees, "How many of the best stay when the mesh is cut."),
        field("d_out", \.degreeOut, degrees, "How many peers that we dialled ourselves the mesh keeps."),
        field("d_lazy", \.degreeLazy, degrees, "The fewest peers outside the mesh that gossip goes to."),
        field(
            "adapts_degree", \.adaptsDegree, .flag,
            "Whether `d` follows the number of members that are there and the copies that arrive."),
    ]

    private static let time = [
        field("heartbeat_interval_ms", \.heartbeatInterval, positive, "The time between two heartbeats."),
        field(
            "heartbeat_initial_delay_ms", \.heartbeatInitialDelay, duration,
            "The time before the first heartbeat."),
        field(
            "fanout_ttl_ms", \.fanoutTTL, positive,
            "For how long the peers of a topic that we publish to without being subscribed are kept."),
        field(
            "seen_ttl_ms", \.seenTTL, positive,
            "For how long a message is known as a duplicate after it was first seen."),
        field("prune_backoff_ms", \.pruneBackoff, positive, "How long to stay away after a PRUNE."),
        field(
            "unsubscribe_backoff_ms", \.unsubscribeBackoff, positive, "How long to stay away after leaving."),
        field("backoff_max_ms", \.backoffMax, positive, "The longest backoff that a peer can impose."),
        field(
            "graft_flood_threshold_ms", \.graftFloodThreshold, duration,
            "A GRAFT that comes so soon after the PRUNE that forbade it is punished twice."),
        field(
            "opportunistic_graft_ticks", \.opportunisticGraftTicks, positiveCount,
            "Every so many heartbeats better peers are looked for."),
        field(
            "opportunistic_graft_peers", \.opportunisticGraftPeers, degrees,
            "How many better peers are grafted then."),
        field(
            "direct_connect_ticks", \.directConnectTicks, positiveCount,
            "Every so many heartbeats direct peers that are away are dialled."),
        field(
            "direct_connect_initial_delay_ms", \.directConnectInitialDelay, duration,
            "The time before direct peers are dialled for the first time."),
        field(
            "connection_timeout_ms", \.connectionTimeout, positive,
            "How long dialling a peer from peer exchange may take."),
    ]

    private static let gossip = [
        field(
            "history_length", \.historyLength, .integer(1...10_000),
            "For how many heartbeats messages are kept."),
        field(
            "history_gossip", \.historyGossip, .integer(0...10_000),
            "The messages of how many heartbeats are gossiped."),
        field(
            "gossip_factor", \.gossipFactor, .number(.share),
            "The share of the peers outside the mesh that gossip goes to."),
        field(
            "gossip_retransmission", \.gossipRetransmission, count,
            "How often one message is sent to one peer that asks for it."),
        field(
            "max_ihave_length", \.maxIHaveLength, count,
            "The most ids that are asked of a peer in a heartbeat; 0: none, so gossip repairs nothing."),
        field(
            "max_ihave_messages", \.maxIHaveMessages, count,
            "The most RPCs with IHAVE of a peer that are read in a heartbeat."),
        field(
            "iwant_followup_time_ms", \.iwantFollowupTime, positive,
            "How long a peer may take to deliver what it advertised, before the promise is broken."),
        field(
            "idontwant_message_threshold_bytes", \.idontwantThreshold, count,
            "From this size on a message that arrived is declined elsewhere by IDONTWANT."),
        field(
            "max_idontwant_messages", \.maxIDontWantMessages, count,
            "The most RPCs with IDONTWANT of a peer that are read in a heartbeat."),
        field(
            "max_idontwant_length", \.maxIDontWantLength, count, "The most ids of one that are read."),
        field(
            "idontwant_message_ttl_heartbeats", \.idontwantTTLHeartbeats, count,
            "For how many heartbeats an IDONTWANT holds."),
        field(
            "do_px", \.exchangesPeers, .flag,
            "Whether a PRUNE names other peers, and such names are followed."),
        field("prune_peers", \.prunePeers, count, "The most peers that a PRUNE names."),
        field("connectors", \.connectors, count, "How many of those are dialled at a time."),
        field(
            "max_pending_connections", \.maxPendingConnections, count, "How many of those wait to be dialled."
        ),
    ]

    private static let publishing = [
        field(
            "flood_publish", \.floodPublish, .flag,
            "Whether own messages go to every subscriber and not to the mesh alone."),
        field(
            "test_extension", \.hasTestExtension, .flag,
            "Whether the test extension of gossipsub v1.3 is announced; of use to tests alone."),
        field(
            "small_mesh_publish", \.smallMeshPublish, .flag,
            "Whether own messages also go to subscribers outside a mesh that is below `d_low`, up to `d`."),
        field(
            "holds_unsent_publications", \.holdsUnsentPublications, .flag,
            "Whether own messages that found no subscriber wait for the first that appears."),
        field(
            "grafts_on_subscribe", \.graftsOnSubscribe, .flag,
            "Whether a peer that subscribes is grafted at once while the mesh is below `d_low`."),
        field(
            "prioritises", \.prioritises, .flag, "Whether urgent messages overtake others on their way out."),
        field(
            "topic_bytes_per_s", \.topicRateLimit.bytesPerSecond, count,
            "What a topic may send in a second; 0: no limit."),
        field(
            "topic_messages_per_s", \.topicRateLimit.messagesPerSecond, count,
            "How many messages a topic may send in a second; 0: no limit."),
        field(
            "peer_bytes_per_s", \.peerRateLimit.bytesPerSecond, count,
            "What a peer may be sent in a second; 0: no limit."),
        field(
            "peer_messages_per_s", \.peerRateLimit.messagesPerSecond, count,
            "How many messages a peer may be sent in a second; 0: no limit."),
    ]

    private static let bounds = [
        field(
            // It must hold at least a topic's name and an id of the longest kind.
            "max_rpc_size_bytes", \.maxRPCSize, .integer(4_096...RPC.maxSize),
            "The largest RPC, without its length."),
        field(
            "history_max_bytes", \.historyBytesMax, count,
            "The most bytes of messages that are kept for IWANT."),
        field("seen_max_count", \.seenCountMax, positiveCount, "The most messages that are known as seen."),
        field(
            "backoff_max_count", \.backoffCountMax, positiveCount, "The most backoffs that are remembered."),
        field(
            "unwanted_max_count", \.unwantedCountMax, count,
            "The most ids that one peer's IDONTWANT can make us remember."),
        field("peer_topics_max_count", \.topicsPerPeerMax, positiveCount, "The most topics of one peer."),
        field(
            "peer_topics_max_bytes", \.topicBytesPerPeerMax, positiveCount,
            "The most bytes of names of one peer's topics."),
        field(
            "rpc_subscriptions_max_count", \.subscriptionsPerRPCMax, .integer(1...RPC.subscriptionCountMax),
            "The most announcements of one RPC that are read."),
        field(
            "pending_messages_max_count", \.pendingMessagesMax, positiveCount,
            "The most messages that wait to be verified or validated; more are dropped."),
    ]
}
