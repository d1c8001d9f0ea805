import LibP2PCore

/// The scores of peers (gossipsub v1.1, "Peer scoring"), kept as go-libp2p-pubsub's `score.go` keeps them.
///
/// It is told what happens and is asked for scores; it has no clock. A connected peer is a number that is
/// never given to another one. What has to survive a connection is kept by peer id: the statistics of peers
/// whose score is not positive, so that nobody becomes innocent by coming back. A sum is added up in the
/// order of the formula, topics by name, so that it is the same double everywhere.
struct PeerScore: Sendable {
    private var shared: SharedValue<PeerScoreParameters>
    var schedule: DecaySchedule

    /// All topics that anything happened in, by number.
    private(set) var topics: [ScoredTopic] = []
    private var topicNumbers: [Topic: Int] = [:]
    /// The topic that was asked for last, which is mostly the next one as well.
    private var recentTopic = 0

    var peers = NumberedTable<Peer>()
    var numbers: [PeerID: Int] = [:]
    /// The highest number that a peer ever had.
    var newestPeer = 0
    /// The statistics of peers that left.
    var departed: ExpiringTable<PeerID, Statistics>
    var former: FormerNumbers
    /// How many peers, present or departed, have an address.
    var colocated: [IPKey: Int] = [:]
    var applicationScores = ExpiringTable<PeerID, Double>(countMax: applicationScoreCountMax)
    var records: DeliveryRecords

    /// The application sets scores of peers it knows, not of those that come by; beyond this the ones that
    /// were set first leave.
    static let applicationScoreCountMax = 65_536

    init(parameters: PeerScoreParameters) {
        self.init(sharing: SharedValue(parameters))
    }

    init(sharing shared: SharedValue<PeerScoreParameters>) {
        let parameters = shared.value
        self.shared = shared
        self.schedule = DecaySchedule(interval: parameters.decayInterval)
        self.departed = ExpiringTable(countMax: parameters.retainedCountMax)
        self.former = FormerNumbers(countMax: parameters.retainedCountMax)
        self.records = DeliveryRecords(
            ttl: parameters.seenMessageTTL, countMax: parameters.seenMessageCountMax)
    }

    /// What behaviour costs; the parameters of topics change with `setTopicParameters`.
    var parameters: PeerScoreParameters {
        @inline(__always) _read { yield self.shared.value }
    }

    struct ScoredTopic: Sendable {
        let topic: Topic
        /// Nil: nothing counts in it.
        var rules: TopicRules?
    }

    /// What is remembered of a peer, connected or not (go-libp2p-pubsub, `peerStats`).
    struct Statistics: Sendable {
        /// Sorted by the topics' names.
        var topics: [TopicStatistics] = []
        var behaviourPenalty = 0.0
        /// What it counts under for P6, without what is on the whitelist.
        var addresses: [IPKey] = []
    }

    /// A connected peer. Its score is asked for far more often than it changes, so it is kept.
    struct Peer: Sendable {
        let id: PeerID
        /// What records name it by.
        let standing: Int
        /// P5.
        var applicationScore: Double
        var statistics: Statistics
        /// What P6 weighs; changes with the number of peers behind the same addresses.
        var colocationFactor = 0.0
        /// The score that all of this comes to; `refresh` keeps it.
        var score = 0.0
    }

    /// Where the statistics of a peer are.
    enum Place {
        case connected(index: Int)
        case departed(PeerID)
    }

    /// Returns where the statistics of a peer are, by its present or any former number.
    func place(of number: Int) -> Place? {
        if let index = self.peers.index(of: number) { return .connected(index: index) }
        if let present = self.former.present(number), let index = self.peers.index(of: present) {
            return .connected(index: index)
        }
        return self.former.id(number).flatMap { self.place(of: $0) }
    }

    func place(of id: PeerID) -> Place? {
        if let index = self.numbers[id].flatMap({ self.peers.index(of: $0) }) {
            return .connected(index: index)
        }
        return self.departed[id] != nil ? .departed(id) : nil
    }

    /// Changes the statistics of a peer, when there are any.
    mutating func change(_ place: Place?, _ change: (inout Statistics) -> Void) {
        switch place {
        case .connected(let index):
            change(&self.peers[index].statistics)
            self.refresh(index)
        case .departed(let id): self.departed.update(id, change)
        case nil: break
        }
    }
}

// MARK: - Topics
extension PeerScore {
    /// Returns the number of a topic, which it is given when it has none.
    mutating func intern(_ topic: Topic) -> Int {
        if self.recentTopic < self.topics.count, self.topics[self.recentTopic].topic == topic {
            return self.recentTopic
        }
        if let number = self.topicNumbers[topic] {
            self.recentTopic = number
            return number
        }
        let number = self.topics.count
        self.topics.append(
            ScoredTopic(topic: topic, rules: self.parameters.parameters(of: topic).map(TopicRules.init)))
        self.topicNumbers[topic] = number
        self.recentTopic = number
        return number
    }

    /// Replaces the parameters of a topic; nil: those of topics without their own. Counters above caps that
    /// were lowered are cut, of peers that left too (go-libp2p-pubsub, `SetTopicScoreParams`).
    mutating func setTopicParameters(_ parameters: TopicScoreParameters?, of topic: Topic) {
        let number = self.intern(topic)
        let old = self.topics[number].rules
        var changed = self.parameters
        changed.topics[topic] = parameters
        self.shared = SharedValue(changed)
        let new = self.parameters.parameters(of: topic).map(TopicRules.init)
        self.topics[number].rules = new
        defer { for index in self.peers.indices { self.refresh(index) } }
        guard let old, let new, new.firstCap < old.firstCap || new.meshCap < old.meshCap else { return }
        func recap(_ statistics: inout Statistics) {
            guard let index = statistics.index(of: number) else { return }
            statistics.topics[index].recap(new)
        }
        for index in self.peers.indices { recap(&self.peers[index].statistics) }
        for id in self.departed.keys { self.departed.update(id, recap) }
    }

    /// Changes the statistics of a peer in a topic, which are made when there are none.
    mutating func change(
        _ place: Place?, _ topic: Int, _ change: (inout TopicStatistics, TopicRules?) -> Void
    ) {
        let topics = self.topics
        self.change(place) { statistics in
            let index = statistics.index(of: topic) ?? statistics.add(topic, among: topics)
            change(&statistics.topics[index], topics[topic].rules)
        }
    }

    /// The same, in topics in which something counts.
    mutating func count(
        _ place: Place?, _ topic: Int, _ change: (inout TopicStatistics, TopicRules) -> Void
    ) {
        guard let rules = self.topics[topic].rules else { return }
        self.change(place, topic) { statistics, _ in change(&statistics, rules) }
    }
}

extension PeerScore.Statistics {
    /// Where a topic's statistics are.
    func index(of topic: Int) -> Int? {
        self.topics.firstIndex { $0.topic == topic }
    }

    /// Adds a topic in its place by name; returns where.
    mutating func add(_ topic: Int, among topics: [PeerScore.ScoredTopic]) -> Int {
        let name = topics[topic].topic
        let index = self.topics.firstIndex { topics[$0.topic].topic > name } ?? self.topics.count
        self.topics.insert(TopicStatistics(topic: topic), at: index)
        return index
    }
}

// MARK: - Penalties and the application's word
extension PeerScore {
    /// Adds to the counter of P7.
    mutating func penalise(_ peer: Int, _ count: Double) {
        self.change(self.place(of: peer)) { $0.behaviourPenalty += count }
    }

    /// Sets what the application thinks of a peer (P5), connected or not; nil, or what is no number: that it
    /// says nothing.
    mutating func setApplicationScore(_ score: Double?, of id: PeerID) {
        let score = score.flatMap { $0.isFinite ? $0 : nil }
        if let score {
            if self.applicationScores.update(id, { $0 = score }) == nil,
                let (evicted, _) = self.applicationScores.set(id, score, expires: .distantFuture)
            {
                self.refreshApplicationScore(of: evicted)
            }
        } else {
            _ = self.applicationScores.remove(id)
        }
        self.refreshApplicationScore(of: id)
    }

    private mutating func refreshApplicationScore(of id: PeerID) {
        guard case .connected(let index) = self.place(of: id) else { return }
        self.peers[index].applicationScore = self.applicationScore(of: id)
        self.refresh(index)
    }

    func applicationScore(of id: PeerID) -> Double {
        self.applicationScores[id] ?? self.parameters.applicationScore
    }
}
