import DescordCrypto
import LibP2P
import LibP2PCore

/// Identities and inputs that the suites share.
enum GossipSubFixture {
    static func key(_ number: Int) -> Ed25519.PrivateKey {
        var seed = [UInt8](repeating: 0x5a, count: 32)
        for index in 0..<8 { seed[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        guard let key = Ed25519.PrivateKey(seed: SecretBytes(seed)) else {
            preconditionFailure("32 bytes make a key")
        }
        return key
    }

    static func peer(_ number: Int) -> PeerID {
        PeerID(key(number).publicKey)
    }

    static func message(
        _ text: String = "hello", topic: Topic = "t", seqno: UInt64 = 1, author: Int = 100
    ) -> Message {
        .signed(topic: topic, data: Array(text.utf8), seqno: seqno, by: key(author))
    }
}

extension Topic: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

/// One router and the transcript of what it put out; its peers are only names.
struct RouterRig {
    static let local = 1

    let router: RouterUnderTest
    var now = Instant.zero
    /// What the last input put out.
    var outputs: [GossipSubRouter.Output] = []
    /// Verifies at once when the router asks.
    var verifies = true
    /// Answers at once when the router asks; nil: does not.
    var verdict: ValidationResult? = .accept
    /// What was asked and not answered.
    var asked: [ValidationToken] = []

    init(seed: UInt64 = 7, _ change: (inout GossipSubParameters) -> Void = { _ in }) {
        var parameters = GossipSubParameters.descord
        change(&parameters)
        self.router = RouterUnderTest(
            parameters: parameters, localPeer: GossipSubFixture.peer(Self.local), prng: PRNG(seed: seed))
        self.router.isTracing = true
    }

    mutating func input(_ input: GossipSubRouter.Input) {
        self.outputs = []
        self.apply(input)
    }

    /// Adds an input to those whose outputs are being looked at.
    mutating func apply(_ input: GossipSubRouter.Input) {
        var fresh: [GossipSubRouter.Output] = []
        self.router.handle(input, now: self.now, into: &fresh)
        self.take(fresh)
    }

    private mutating func take(_ fresh: [GossipSubRouter.Output]) {
        self.outputs += fresh
        for output in fresh {
            switch output {
            case .verify(let token, let message, _):
                if self.verifies {
                    self.apply(.verified(token, message.verify()))
                } else {
                    self.asked.append(token)
                }
            case .validate(let token, _, _, _):
                if let verdict { self.apply(.validated(token, verdict)) } else { self.asked.append(token) }
            default: break
            }
        }
    }

    mutating func connect(
        _ peers: some Sequence<Int>, _ protocolID: GossipSubProtocol = .meshsub12,
        direction: PeerConnection.Direction = .inbound, subscribed topics: [Topic] = ["t"]
    ) {
        for peer in peers {
            self.apply(
                .peerConnected(
                    GossipSubFixture.peer(peer),
                    PeerConnection(direction: direction, address: nil, protocolID: protocolID)))
            self.apply(
                .rpcReceived(
                    GossipSubFixture.peer(peer),
                    RPC(subscriptions: topics.map { .init($0, isSubscribed: true) })))
        }
    }

    mutating func receive(_ rpc: RPC, from peer: Int) {
        self.input(.rpcReceived(GossipSubFixture.peer(peer), rpc))
    }

    /// Lets `count` heartbeats pass; the outputs are those of all of them.
    mutating func heartbeat(_ count: Int = 1) {
        self.outputs = []
        for _ in 0..<count {
            guard let next = self.router.nextDeadline else { return }
            self.now = max(self.now, next)
            var fresh: [GossipSubRouter.Output] = []
            self.router.deadlineReached(now: self.now, into: &fresh)
            self.take(fresh)
        }
    }

    // MARK: Looking at outputs

    /// The RPCs that were sent, by peer number.
    var sent: [(peer: PeerID, rpc: RPC, priority: SendPriority)] {
        self.outputs.compactMap {
            if case .send(let peer, let rpc, let priority) = $0 { (peer, rpc, priority) } else { nil }
        }
    }

    func sent(to peer: Int) -> RPC {
        var all = RPC()
        for (id, rpc, _) in self.sent where id == GossipSubFixture.peer(peer) {
            all.subscriptions += rpc.subscriptions
            all.messages += rpc.messages
            all.ihave += rpc.ihave
            all.iwant += rpc.iwant
            all.graft += rpc.graft
            all.prune += rpc.prune
            all.idontwant += rpc.idontwant
        }
        return all
    }

    var delivered: [Message] {
        self.outputs.compactMap { if case .deliver(let message, _, _) = $0 { message } else { nil } }
    }

    var traces: [TraceEvent] {
        self.outputs.compactMap { if case .trace(let event) = $0 { event } else { nil } }
    }

    func traceCount(_ name: String) -> Int {
        self.traces.filter { $0.name == name }.count
    }

    func rejections(_ reason: RejectReason) -> Int {
        self.traces.filter { if case .rejectMessage(_, _, _, reason) = $0 { true } else { false } }.count
    }

    func mesh(_ topic: Topic = "t") -> Set<PeerID> {
        Set(self.router.meshPeers(topic))
    }
}

func peers(_ numbers: some Sequence<Int>) -> Set<PeerID> {
    Set(numbers.map(GossipSubFixture.peer))
}
