import LibP2P
import LibP2PCore

/// A router that expectations can hold: a router itself cannot be copied, and they copy what they look at.
final class RouterUnderTest {
    private var router: GossipSubRouter

    init(parameters: GossipSubParameters, localPeer: PeerID, prng: PRNG) {
        self.router = GossipSubRouter(parameters: parameters, localPeer: localPeer, prng: prng)
    }

    // MARK: Inputs

    func handle(_ input: GossipSubRouter.Input, now: Instant, into outputs: inout [GossipSubRouter.Output]) {
        self.router.handle(input, now: now, into: &outputs)
    }

    func deadlineReached(now: Instant, into outputs: inout [GossipSubRouter.Output]) {
        self.router.deadlineReached(now: now, into: &outputs)
    }

    // MARK: Questions

    var isTracing: Bool {
        get { self.router.isTracing }
        set { self.router.isTracing = newValue }
    }

    var nextDeadline: Instant? { self.router.nextDeadline }
    var connectedPeers: [PeerID] { self.router.connectedPeers }
    var knownTopicCount: Int { self.router.knownTopicCount }
    var pendingMessageCount: Int { self.router.pendingMessageCount }

    func meshPeers(_ topic: Topic) -> [PeerID] { self.router.meshPeers(topic) }
    func fanoutPeers(_ topic: Topic) -> [PeerID] { self.router.fanoutPeers(topic) }
    func subscribers(_ topic: Topic) -> [PeerID] { self.router.subscribers(topic) }
    func counters(_ topic: Topic) -> TopicCounters { self.router.counters(topic) }
    func meshDegrees(_ topic: Topic) -> MeshDegrees? { self.router.meshDegrees(topic) }
    func backoffs(now: Instant) -> [Backoff] { self.router.backoffs(now: now) }
    func score(of peer: PeerID) -> Double { self.router.score(of: peer) }
    func scoreParts(of peer: PeerID) -> ScoreParts? { self.router.scoreParts(of: peer) }
    func retainedScores(now: Instant) -> [RetainedScore] { self.router.retainedScores(now: now) }
    func extensions(of peer: PeerID) -> RPC.Extensions? { self.router.extensions(of: peer) }
    func brokenPromises(of peer: PeerID) -> Int { self.router.brokenPromises(of: peer) }
    func messageID(_ message: Message) -> MessageID { self.router.messageID(message) }

    func backoff(of peer: PeerID, in topic: Topic, now: Instant) -> Instant? {
        self.router.backoff(of: peer, in: topic, now: now)
    }
}
