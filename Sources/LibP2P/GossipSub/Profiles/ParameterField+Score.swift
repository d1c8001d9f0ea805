/// A year: no duration is longer.
private let duration = ParameterKind.milliseconds(0...31_536_000_000)
/// What is looked at once in a while is looked at once a second at most (go-libp2p-pubsub).
private let interval = ParameterKind.milliseconds(1_000...31_536_000_000)
private let decay = ParameterKind.number(.decay)
private let merit = ParameterKind.number(.atLeastZero)
private let fault = ParameterKind.number(.atMostZero)

extension ParameterField {
    static let thresholds = [
        threshold(
            "gossip", \.gossip, fault, "Below it no gossip goes to a peer, and its gossip is not read."),
        threshold(
            "publish", \.publish, fault, "Below it a peer gets no own message by flooding or fanout."),
        threshold("graylist", \.graylist, fault, "Below it everything of a peer is ignored."),
        threshold("accept_px", \.acceptPX, merit, "From it on the peers that a PRUNE names are dialled."),
        threshold(
            "opportunistic_graft", \.opportunisticGraft, merit,
            "While the median of a mesh's scores is below it, better peers are grafted; 0: never."),
    ]

    private static func threshold(
        _ name: String, _ path: any WritableKeyPath<PeerScoreThresholds, Double> & Sendable,
        _ kind: ParameterKind, _ summary: String
    ) -> ParameterField {
        ParameterField(.thresholds, .thresholds, name, path, kind, summary)
    }

    static let score = [
        field(
            "topic_score_cap", \.topicScoreCap, merit, "The most that all topics together add; 0: no limit."),
        field(
            "app_specific_weight", \.applicationWeight, .number(.any),
            "P5: the weight of the application's score."),
        field(
            "app_specific_score", \.applicationScore, .number(.any),
            "P5: the application's score of peers that it said nothing about."),
        field(
            "ip_colocation_factor_weight", \.ipColocationFactorWeight, fault,
            "P6: the weight of the squared number of peers too many behind one address."),
        field(
            "ip_colocation_factor_threshold", \.ipColocationFactorThreshold, .integer(1...1_000_000),
            "P6: how many peers an address may have."),
        field(
            "ip_colocation_factor_whitelist", \.ipColocationFactorWhitelist, .networks(maxCount: 64),
            "P6: networks that may have any number."),
        field(
            "behaviour_penalty_weight", \.behaviourPenaltyWeight, fault,
            "P7: the weight of the squared number of broken promises and GRAFTs into a backoff."),
        field(
            "behaviour_penalty_threshold", \.behaviourPenaltyThreshold, merit,
            "P7: how many of those are free."),
        field(
            "behaviour_penalty_decay", \.behaviourPenaltyDecay, decay, "P7: the counter's factor of decay."),
        field("decay_interval_ms", \.decayInterval, interval, "The time between two decays of the counters."),
        field("decay_to_zero", \.decayToZero, decay, "A counter below it becomes 0."),
        field(
            "retain_score_ms", \.retainScore, duration,
            "For how long the score of a peer that left is kept, when it is not above 0."),
        field(
            "seen_msg_ttl_ms", \.seenMessageTTL, duration,
            "For how long it is remembered who delivered a message."),
        field(
            "seen_msg_max_count", \.seenMessageCountMax, .integer(1...100_000_000),
            "Of how many messages that is remembered."),
        field(
            "retained_max_count", \.retainedCountMax, .integer(0...100_000_000),
            "How many peers that left keep their scores."),
    ]

    private static func field<Value: ParameterRepresentable>(
        _ name: String, _ path: any WritableKeyPath<PeerScoreParameters, Value> & Sendable,
        _ kind: ParameterKind,
        _ summary: String
    ) -> ParameterField {
        ParameterField(.score, .score, name, path, kind, summary)
    }

    static let topicScore = [
        topic("topic_weight", \.topicWeight, merit, "What a topic's sum is multiplied with."),
        topic("time_in_mesh_weight", \.timeInMeshWeight, merit, "P1: the weight of a quantum in the mesh."),
        topic("time_in_mesh_quantum_ms", \.timeInMeshQuantum, duration, "P1: the time that counts as one."),
        topic("time_in_mesh_cap", \.timeInMeshCap, merit, "P1: the most quanta that count."),
        topic(
            "first_message_deliveries_weight", \.firstMessageDeliveriesWeight, merit,
            "P2: the weight of a message that the peer was first to deliver."),
        topic(
            "first_message_deliveries_decay", \.firstMessageDeliveriesDecay, decay,
            "P2: the counter's factor of decay."),
        topic(
            "first_message_deliveries_cap", \.firstMessageDeliveriesCap, merit, "P2: the most that count."),
        topic(
            "mesh_message_deliveries_weight", \.meshMessageDeliveriesWeight, fault,
            "P3: the weight of the squared number of deliveries that a mesh peer is short of."),
        topic(
            "mesh_message_deliveries_decay", \.meshMessageDeliveriesDecay, decay,
            "P3: the counter's factor of decay."),
        topic("mesh_message_deliveries_cap", \.meshMessageDeliveriesCap, merit, "P3: the most that count."),
        topic(
            "mesh_message_deliveries_threshold", \.meshMessageDeliveriesThreshold, merit,
            "P3: how many deliveries are expected of a mesh peer."),
        topic(
            "mesh_message_deliveries_window_ms", \.meshMessageDeliveriesWindow, duration,
            "P3: how long after its validation a copy of a message still counts."),
        topic(
            "mesh_message_deliveries_activation_ms", \.meshMessageDeliveriesActivation, duration,
            "P3: how long a peer is in the mesh before anything is expected of it."),
        topic(
            "mesh_failure_penalty_weight", \.meshFailurePenaltyWeight, fault,
            "P3b: the weight of what a peer was short of when it was pruned."),
        topic(
            "mesh_failure_penalty_decay", \.meshFailurePenaltyDecay, decay,
            "P3b: the counter's factor of decay."),
        topic(
            "invalid_message_deliveries_weight", \.invalidMessageDeliveriesWeight, fault,
            "P4: the weight of the squared number of wrong messages."),
        topic(
            "invalid_message_deliveries_decay", \.invalidMessageDeliveriesDecay, decay,
            "P4: the counter's factor of decay."),
    ]

    private static func topic<Value: ParameterRepresentable>(
        _ name: String, _ path: any WritableKeyPath<TopicScoreParameters, Value> & Sendable,
        _ kind: ParameterKind, _ summary: String
    ) -> ParameterField {
        ParameterField(.topicScore, .topicScore, name, path, kind, summary)
    }

    static let peerGater = [
        gater(
            "threshold", \.threshold, .number(.positive),
            "From this share of throttled among validated messages on the gater works."),
        gater("global_decay", \.globalDecay, decay, "The global counters' factor of decay."),
        gater("source_decay", \.sourceDecay, decay, "The factor of decay of an address's counters."),
        gater("decay_interval_ms", \.decayInterval, interval, "The time between two decays."),
        gater("decay_to_zero", \.decayToZero, decay, "A counter below it becomes 0."),
        gater(
            "retain_stats_ms", \.retainStatistics, duration,
            "For how long an address's counters are kept after its last peer left."),
        gater(
            "quiet_ms", \.quiet, interval,
            "For how long the gater works on after the last message was throttled."),
        gater("duplicate_weight", \.duplicateWeight, .number(.positive), "What a duplicate counts."),
        gater("ignore_weight", \.ignoreWeight, .number(.atLeastOne), "What an ignored message counts."),
        gater("reject_weight", \.rejectWeight, .number(.atLeastOne), "What a rejected message counts."),
    ]

    private static func gater<Value: ParameterRepresentable>(
        _ name: String, _ path: any WritableKeyPath<PeerGaterParameters, Value> & Sendable,
        _ kind: ParameterKind, _ summary: String
    ) -> ParameterField {
        ParameterField(.peerGater, .peerGater, name, path, kind, summary)
    }

    static let presence = [
        presence("interval_ms", \.interval, interval, "The time between two of our heartbeats of presence."),
        presence(
            "accept_interval_ms", \.acceptInterval, interval,
            "The least time between two of one author's that are passed on."),
        presence(
            "prefix", \.prefix, .text(maxSize: 256),
            "What the names of the two topics begin with: `/0` and `/all` follow."),
    ]

    private static func presence<Value: ParameterRepresentable>(
        _ name: String, _ path: any WritableKeyPath<PresenceParameters, Value> & Sendable,
        _ kind: ParameterKind, _ summary: String
    ) -> ParameterField {
        ParameterField(.presence, .presence, name, path, kind, summary)
    }
}
