extension GossipSubProfile {
    /// go-libp2p-pubsub as it comes: its defaults, no scores, and none of descord's own additions.
    public static let `default`: GossipSubProfile = {
        var parameters = GossipSubParameters()
        parameters.smallMeshPublish = false
        parameters.holdsUnsentPublications = false
        parameters.graftsOnSubscribe = false
        parameters.prioritises = false
        return GossipSubProfile(
            name: "default", summary: "go-libp2p-pubsub's defaults", parameters: parameters)
    }()

    /// The standard parameters of the snapshot submissions network: a wide mesh, flooding, presence
    /// heartbeats every 10 s, and scores so lenient that nobody is pruned for silence.
    ///
    /// The network's own code begins with an empty structure and so leaves `max_ihave_length`,
    /// `max_ihave_messages`, `iwant_followup_time_ms`, `graft_flood_threshold_ms`, `prune_peers`,
    /// `connectors` and `heartbeat_initial_delay_ms` at 0, which turns repair by gossip off; here they have
    /// go-libp2p-pubsub's defaults.
    public static let snapshot: GossipSubProfile = {
        var parameters = GossipSubParameters()
        parameters.degree = 10
        parameters.degreeLow = 8
        parameters.degreeHigh = 16
        parameters.degreeLazy = 10
        parameters.degreeOut = 4
        parameters.degreeScore = 6
        parameters.heartbeatInterval = .milliseconds(700)
        parameters.opportunisticGraftTicks = 30
        parameters.opportunisticGraftPeers = 4
        parameters.pruneBackoff = .seconds(300)
        parameters.unsubscribeBackoff = .seconds(30)
        parameters.connectionTimeout = .seconds(60)
        parameters.directConnectTicks = 300
        parameters.directConnectInitialDelay = .seconds(1)
        parameters.fanoutTTL = .seconds(60)
        parameters.maxPendingConnections = 256
        parameters.historyLength = 12
        parameters.historyGossip = 6
        parameters.gossipFactor = 0.25
        parameters.floodPublish = true
        parameters.score = Self.snapshotScore
        parameters.thresholds = PeerScoreThresholds(
            gossip: -100_000, publish: -200_000, graylist: -500_000, acceptPX: 0, opportunisticGraft: 1)
        return GossipSubProfile(
            name: "snapshot", summary: "the snapshot submissions network's standard mesh",
            parameters: parameters, presence: PresenceParameters())
    }()

    private static let snapshotScore: PeerScoreParameters = {
        var topic = TopicScoreParameters()
        topic.topicWeight = 10
        topic.timeInMeshWeight = 10
        topic.timeInMeshQuantum = .seconds(1)
        topic.timeInMeshCap = 10_000
        topic.firstMessageDeliveriesWeight = 100
        topic.firstMessageDeliveriesDecay = 0.999
        topic.firstMessageDeliveriesCap = 10_000
        topic.meshMessageDeliveriesWeight = 0
        topic.meshMessageDeliveriesDecay = 0.999
        topic.meshMessageDeliveriesCap = 1
        topic.meshMessageDeliveriesThreshold = 0.001
        topic.meshMessageDeliveriesWindow = .seconds(86_400)
        topic.meshMessageDeliveriesActivation = .seconds(86_400)
        topic.meshFailurePenaltyWeight = 0
        topic.meshFailurePenaltyDecay = 0.9
        topic.invalidMessageDeliveriesWeight = -100
        topic.invalidMessageDeliveriesDecay = 0.5
        var score = PeerScoreParameters()
        score.defaultTopic = topic
        score.topicScoreCap = 100_000
        score.applicationWeight = 10
        score.applicationScore = 10_000
        score.ipColocationFactorThreshold = 1_000
        score.behaviourPenaltyThreshold = 1_000
        score.behaviourPenaltyDecay = 0.999
        score.decayInterval = .seconds(1)
        score.decayToZero = 0.01
        score.retainScore = .seconds(1_800)
        score.seenMessageTTL = .seconds(120)
        return score
    }()

    /// What Waku's relays run with. Their D_out of 3 is half of D, which go-libp2p-pubsub refuses from 0.15
    /// on; 2 is the most that it takes.
    public static let waku: GossipSubProfile = {
        var topic = TopicScoreParameters()
        topic.topicWeight = 1
        topic.timeInMeshWeight = 0.01
        topic.timeInMeshCap = 10
        topic.firstMessageDeliveriesWeight = 1
        topic.firstMessageDeliveriesDecay = 0.5
        topic.firstMessageDeliveriesCap = 10
        topic.invalidMessageDeliveriesWeight = -100
        topic.invalidMessageDeliveriesDecay = 0.5
        var score = PeerScoreParameters()
        score.defaultTopic = topic
        score.ipColocationFactorWeight = -50
        score.ipColocationFactorThreshold = 5
        score.behaviourPenaltyWeight = -10
        score.behaviourPenaltyDecay = 0.986
        score.decayInterval = .seconds(12)
        score.retainScore = .seconds(600)
        var parameters = GossipSubParameters()
        parameters.degreeLow = 4
        parameters.degreeHigh = 8
        parameters.degreeScore = 6
        parameters.degreeOut = 2
        parameters.historyLength = 6
        parameters.historyGossip = 3
        parameters.unsubscribeBackoff = .seconds(5)
        parameters.floodPublish = true
        parameters.score = score
        parameters.thresholds = PeerScoreThresholds(
            gossip: -100, publish: -1_000, graylist: -10_000, acceptPX: 0, opportunisticGraft: 0)
        return GossipSubProfile(
            name: "waku", summary: "Waku's relays", parameters: parameters)
    }()
}
