import DescordCrypto
import Glibc
import LibP2P
import LibP2PCore

/// What the gossipsub router takes for one input, and how often it allocates: no sockets, no signatures, and
/// RPCs that are there already.
struct RouterRates: ~Copyable {
    /// How long each rate is measured.
    private static let span = Duration.milliseconds(500)
    /// Inputs that are made, then measured, between two heartbeats.
    private static let batch = 64
    private static let messageSize = 300
    private static let authorCount = 16

    private var router: GossipSubRouter
    private var outputs: [GossipSubRouter.Output] = []
    private var now = Instant.zero
    private let topics: [Topic]
    private let peers: [PeerID]
    private let authors: [[UInt8]]
    private var seqno: UInt64 = 0
    /// Seconds and allocations of what was measured.
    private var seconds = 0.0
    private var allocations: UInt64 = 0
    private var count = 0

    /// A router with `peerCount` peers in each of `topicCount` topics, of which `meshSize` are in the mesh.
    private init(peerCount: Int, topicCount: Int, meshSize: Int?, isScored: Bool) {
        var parameters = GossipSubParameters.descord
        if let meshSize {
            parameters.degree = meshSize
            parameters.degreeLow = meshSize
            parameters.degreeHigh = meshSize + 1
            parameters.degreeScore = meshSize
        }
        if !isScored { parameters.score = nil }
        self.topics = (0..<topicCount).map { Topic("space/\($0)") }
        self.peers = (0..<peerCount).map { _ in PeerID(Ed25519.PrivateKey.generate().publicKey) }
        self.authors = (0..<Self.authorCount).map { _ in PeerID(Ed25519.PrivateKey.generate().publicKey).bytes
        }
        let local = PeerID(Ed25519.PrivateKey.generate().publicKey)
        self.router = GossipSubRouter(parameters: parameters, localPeer: local, prng: PRNG(seed: 1))
        for topic in self.topics { self.handle(.subscribe(topic)) }
        let hello = RPC(subscriptions: self.topics.map { RPC.Subscription($0, isSubscribed: true) })
        for (number, peer) in self.peers.enumerated() {
            let address = Multiaddr(ip: [10, 0, UInt8(number >> 8), UInt8(number & 0xff)], tcpPort: 4_001)
            let connection = PeerConnection(
                direction: number % 2 == 0 ? .inbound : .outbound, address: address, protocolID: .meshsub12)
            self.handle(.peerConnected(peer, connection))
            self.handle(.rpcReceived(peer, hello))
        }
        self.heartbeat()
    }

    // MARK: Measurements

    /// One RPC with one new message: from its arrival through the answers of the driver to its forwarding.
    static func message(peerCount: Int, meshSize: Int, isScored: Bool) throws -> [(String, Double)] {
        var rates = RouterRates(peerCount: peerCount, topicCount: 1, meshSize: meshSize, isScored: isScored)
        let mesh = rates.router.meshPeers(rates.topics[0])
        guard mesh.count == meshSize else { throw Failure.lost(arrived: mesh.count, of: meshSize) }
        try rates.repeatMeasurement { rates in
            let rpcs = (0..<Self.batch).map { _ in RPC(messages: [rates.makeMessage(rates.topics[0])]) }
            var sent = 0
            rates.measure(count: rpcs.count) { rates in
                for (number, rpc) in rpcs.enumerated() {
                    rates.handle(.rpcReceived(mesh[number % mesh.count], rpc))
                    rates.answer()
                    sent += rates.outputs.count { if case .send = $0 { true } else { false } }
                }
            }
            let expected = (meshSize - 1) * rpcs.count
            guard sent == expected else { throw Failure.lost(arrived: sent, of: expected) }
        }
        return rates.result
    }

    /// One RPC with a message that came before, from each of the mesh's other peers.
    static func duplicate(peerCount: Int, meshSize: Int, isScored: Bool) throws -> [(String, Double)] {
        var rates = RouterRates(peerCount: peerCount, topicCount: 1, meshSize: meshSize, isScored: isScored)
        let mesh = rates.router.meshPeers(rates.topics[0])
        try rates.repeatMeasurement { rates in
            let rpc = RPC(messages: [rates.makeMessage(rates.topics[0])])
            rates.handle(.rpcReceived(mesh[0], rpc))
            rates.answer()
            rates.measure(count: mesh.count - 1) { rates in
                for peer in mesh.dropFirst() { rates.handle(.rpcReceived(peer, rpc)) }
            }
            guard rates.outputs.isEmpty else { throw Failure.lost(arrived: rates.outputs.count, of: 0) }
        }
        return rates.result
    }

    /// One heartbeat, with a fresh message in each topic to gossip about.
    static func heartbeat(peerCount: Int, topicCount: Int, isScored: Bool) throws -> [(String, Double)] {
        var rates = RouterRates(
            peerCount: peerCount, topicCount: topicCount, meshSize: nil, isScored: isScored)
        try rates.repeatMeasurement { rates in
            for topic in rates.topics {
                rates.handle(.rpcReceived(rates.peers[0], RPC(messages: [rates.makeMessage(topic)])))
                rates.answer()
            }
            rates.measure(count: 1) { $0.heartbeat() }
            guard !rates.outputs.isEmpty else { throw Failure.lost(arrived: 0, of: topicCount) }
        }
        return rates.result
    }

    private mutating func repeatMeasurement(_ body: (inout RouterRates) throws -> Void) throws {
        try body(&self)
        // The first time everything grows to its size.
        (self.seconds, self.allocations, self.count) = (0, 0, 0)
        let start = ContinuousClock.now
        while .now - start < Self.span {
            try body(&self)
            self.heartbeat()
        }
    }

    private mutating func measure(count: Int, _ body: (inout RouterRates) -> Void) {
        let allocations = AllocationCount.current
        let start = Self.processorSeconds
        body(&self)
        self.seconds += Self.processorSeconds - start
        self.allocations += AllocationCount.current - allocations
        self.count += count
    }

    /// Of this thread: whoever else is busy on the machine does not count.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private var result: [(String, Double)] {
        let time = ("ns", self.seconds * 1e9 / Double(self.count))
        guard AllocationCount.isCounting else { return [time] }
        return [time, ("allocations", Double(self.allocations) / Double(self.count))]
    }

    // MARK: The driver's part

    private mutating func handle(_ input: GossipSubRouter.Input) {
        self.outputs.removeAll(keepingCapacity: true)
        self.now += .microseconds(10)
        self.router.handle(input, now: self.now, into: &self.outputs)
    }

    private mutating func heartbeat() {
        self.outputs.removeAll(keepingCapacity: true)
        self.now = max(self.now, self.router.nextDeadline ?? self.now)
        self.router.deadlineReached(now: self.now, into: &self.outputs)
    }

    /// Answers what the router asked last: the signature is good, and so is the message.
    private mutating func answer() {
        var answered = 0
        while answered < self.outputs.count {
            switch self.outputs[answered] {
            case .verify(let token, _, _):
                self.router.handle(.verified(token, nil), now: self.now, into: &self.outputs)
            case .validate(let token, _, _, _):
                self.router.handle(.validated(token, .accept), now: self.now, into: &self.outputs)
            default: break
            }
            answered += 1
        }
    }

    /// Makes a message of the right form that nobody signed.
    private mutating func makeMessage(_ topic: Topic) -> Message {
        self.seqno += 1
        let seqno = (0..<8).map { UInt8(truncatingIfNeeded: self.seqno >> (56 - 8 * UInt64($0))) }
        return Message(
            from: self.authors[Int(self.seqno) % self.authors.count],
            data: [UInt8](repeating: 7, count: Self.messageSize), seqno: seqno, topic: topic,
            signature: [UInt8](repeating: 1, count: Ed25519.signatureSize))
    }
}
