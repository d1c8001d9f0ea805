extension GossipSubProfile {
    /// Chat in spaces of any size: heartbeats of 1 s, a mesh of 6 (4 to 12), five minutes of duplicates, ten
    /// heartbeats of history, no flooding; and scores that no quiet member loses by.
    public static let descord: GossipSubProfile = {
        var parameters = GossipSubParameters()
        parameters.degreeLow = 4
        parameters.seenTTL = .seconds(300)
        parameters.historyLength = 10
        parameters.historyGossip = 5
        parameters.score = .chat
        parameters.thresholds = .chat
        return GossipSubProfile(
            name: "descord", summary: "chat in spaces of any size", parameters: parameters)
    }()

    /// Chat among two to five: everybody meshes with everybody.
    ///
    /// D is the other four. With D_low 2 a space of five cannot fall apart: each part would need three
    /// members. D_high is never reached by four, so nobody is pruned for want of room.
    public static let small: GossipSubProfile = {
        var parameters = Self.descord.parameters
        parameters.degree = 4
        parameters.degreeLow = 2
        parameters.degreeHigh = 6
        parameters.degreeScore = 2
        parameters.degreeOut = 1
        parameters.degreeLazy = 4
        return GossipSubProfile(
            name: "small", summary: "chat among two to five, each with each", parameters: parameters)
    }()
}

extension PeerScoreParameters {
    /// Scores for chat. Most members say nothing for hours, so nothing is asked of them: P3 and P3b are off,
    /// and a member without merits and faults has 0. What an honest node never does costs: messages that are
    /// wrong in every state (P4), promises of messages that don't come and GRAFTs into a backoff (P7), and
    /// crowds behind one address (P6).
    public static let chat: PeerScoreParameters = {
        var score = PeerScoreParameters()
        score.defaultTopic = .chat
        // As much as one topic can earn, so that nobody earns credit for misdeeds in many topics.
        score.topicScoreCap = 30
        score.applicationWeight = 1
        // An office behind one address: 20 are free, 30 are still listened to, 100 count -6400.
        score.ipColocationFactorWeight = -1
        score.ipColocationFactorThreshold = 20
        // Commands that were gone before they could deliver break a promise now and then: 6 are free.
        score.behaviourPenaltyWeight = -10
        score.behaviourPenaltyThreshold = 6
        score.behaviourPenaltyDecay = decayOfTenMinutes
        score.retainScore = .seconds(3_600)
        score.seenMessageTTL = .seconds(300)
        return score
    }()
}

extension TopicScoreParameters {
    /// At most 10 for staying and 20 for delivering first; wrong messages cost ten times their number
    /// squared: the second takes a peer with full merits out of the mesh, the fourth silences it.
    public static let chat: TopicScoreParameters = {
        var topic = TopicScoreParameters()
        topic.topicWeight = 1
        topic.timeInMeshWeight = 0.1
        topic.timeInMeshQuantum = .seconds(60)
        topic.timeInMeshCap = 100
        topic.firstMessageDeliveriesWeight = 1
        topic.firstMessageDeliveriesDecay = decayOfAnHour
        topic.firstMessageDeliveriesCap = 20
        topic.invalidMessageDeliveriesWeight = -10
        topic.invalidMessageDeliveriesDecay = decayOfAnHour
        return topic
    }()
}

extension PeerScoreThresholds {
    /// A stranger's second wrong message ends its gossip, the third our publishing to it, the fourth all.
    public static let chat = PeerScoreThresholds(
        gossip: -30, publish: -60, graylist: -100, acceptPX: 10, opportunisticGraft: 2)
}

/// The decays of counters that are looked at once a second: 1 becomes 0.01 in so long (0.01^(1/seconds)).
private let decayOfTenMinutes = 0.992_354_096_132_100_5
private let decayOfAnHour = 0.998_721_603_904_830_3
