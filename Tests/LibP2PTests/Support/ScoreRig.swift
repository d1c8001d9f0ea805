import LibP2PCore

@testable import LibP2P

/// A score engine on virtual time whose peers and messages are numbers.
struct ScoreRig {
    var score: PeerScore
    var now = Instant.zero
    /// The ids of peers; the engine's numbers are given as connections come.
    private var present: [Int: Int] = [:]
    private var nextNumber = 0

    /// Scores topic `t` by `topic`, and nothing else unless `change` says so.
    init(_ topic: TopicScoreParameters = .init(), _ change: (inout PeerScoreParameters) -> Void = { _ in }) {
        var parameters = PeerScoreParameters()
        parameters.topics = ["t": topic]
        change(&parameters)
        self.score = PeerScore(parameters: parameters)
    }

    /// Parameters of a topic that weighs 1.
    static func topic(_ change: (inout TopicScoreParameters) -> Void) -> TopicScoreParameters {
        var topic = TopicScoreParameters()
        topic.topicWeight = 1
        change(&topic)
        return topic
    }

    static func id(_ peer: Int) -> PeerID { GossipSubFixture.peer(peer) }
    static func message(_ number: Int) -> MessageID { MessageID(Array("message \(number)".utf8)) }

    /// The number of a peer's connection, or of its last one.
    func number(_ peer: Int) -> Int { self.present[peer] ?? -1 }

    mutating func connect(_ peers: Int..., at ip: String? = nil) {
        for peer in peers {
            let address = ip.flatMap {
                Multiaddr(parsing: "\($0.contains(":") ? "/ip6/" : "/ip4/")\($0)/tcp/1")
            }
            self.connect(peer, address: address)
        }
    }

    mutating func connect(_ peer: Int, address: Multiaddr?) {
        self.present[peer] = self.nextNumber
        self.nextNumber += 1
        self.score.connected(self.number(peer), id: Self.id(peer), address: address, now: self.now)
    }

    /// The same connection has another address.
    mutating func move(_ peer: Int, to ip: String) {
        let address = Multiaddr(parsing: "/ip4/\(ip)/tcp/1")
        self.score.connected(self.number(peer), id: Self.id(peer), address: address, now: self.now)
    }

    mutating func disconnect(_ peer: Int) {
        self.score.disconnected(self.number(peer), now: self.now)
    }

    mutating func graft(_ peers: Int..., topic: Topic = "t") {
        for peer in peers { self.score.grafted(self.number(peer), topic, now: self.now) }
    }

    mutating func prune(_ peer: Int, topic: Topic = "t") {
        self.score.pruned(self.number(peer), topic, now: self.now)
    }

    mutating func start(_ message: Int) {
        self.score.validationStarted(Self.message(message), now: self.now)
    }

    mutating func deliver(_ message: Int, from peer: Int, topic: Topic = "t") {
        self.score.delivered(Self.message(message), topic, from: self.number(peer), now: self.now)
    }

    mutating func duplicate(_ message: Int, from peer: Int, topic: Topic = "t") {
        self.score.duplicate(Self.message(message), topic, from: self.number(peer), now: self.now)
    }

    mutating func reject(
        _ message: Int, from peer: Int, _ reason: RejectReason = .validationFailed, topic: Topic = "t"
    ) {
        self.score.rejected(Self.message(message), topic, from: self.number(peer), reason, now: self.now)
    }

    /// Delivers `messages`, each from start to verdict at once.
    mutating func deliver(_ messages: Range<Int>, from peer: Int) {
        for message in messages {
            self.start(message)
            self.deliver(message, from: peer)
        }
    }

    /// Lets time pass and decays once.
    mutating func decay(after duration: Duration = .zero) {
        self.now += duration
        self.score.decay(now: self.now)
    }

    func of(_ peer: Int) -> Double {
        let score = self.score.score(of: self.number(peer))
        precondition(score.bitPattern == self.score.parts(of: self.number(peer)).total.bitPattern)
        return score
    }

    /// The counters of a peer in a topic.
    func topic(_ peer: Int, _ topic: Topic = "t") -> ScoreParts.Topic? {
        self.score.parts(of: self.number(peer)).topics.first { $0.topic == topic }
    }
}
