import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

private let fixture = GossipSubFixture.self

/// Routers that exchange encoded RPCs over links with a delay, on virtual time.
struct Network {
    private struct Event {
        let at: Instant
        let order: Int
        let node: Int
        let input: GossipSubRouter.Input
    }

    var routers: [RouterUnderTest] = []
    var now = Instant.zero
    var latency: Duration
    /// What every node delivered, in order.
    var delivered: [[MessageID]]
    var bytes = 0
    var rpcs = 0
    /// Sees everything that is sent.
    var sent: [(from: Int, to: Int, rpc: RPC)] = []
    var keepsSent = false
    /// Whether links differ: the slowest takes five times as long as the fastest.
    var hasUnequalLinks = false
    /// How long applications take for their verdicts.
    var validationDelay: Duration = .zero
    private var events: [Event] = []
    private var order = 0
    private var numbers: [PeerID: Int] = [:]
    private var links: Set<[Int]> = []
    /// Whether peers know each other's signed records, and dial whom they are told to.
    var exchangesPeers = false
    private var dials: [(from: Int, to: Int)] = []

    init(
        _ count: Int, seed: UInt64, latency: Duration = .milliseconds(50),
        _ change: (Int, inout GossipSubParameters) -> Void = { _, _ in }
    ) {
        self.latency = latency
        self.delivered = Array(repeating: [], count: count)
        var prng = PRNG(seed: seed)
        for node in 0..<count {
            var parameters = GossipSubParameters.descord
            change(node, &parameters)
            self.routers.append(
                RouterUnderTest(parameters: parameters, localPeer: fixture.peer(node), prng: prng.split()))
            self.numbers[fixture.peer(node)] = node
        }
    }

    mutating func connect(_ a: Int, _ b: Int, _ protocolID: GossipSubProtocol = .meshsub12) {
        self.links.insert([min(a, b), max(a, b)])
        self.input(
            a,
            .peerConnected(fixture.peer(b), .init(direction: .outbound, address: nil, protocolID: protocolID))
        )
        self.input(
            b,
            .peerConnected(fixture.peer(a), .init(direction: .inbound, address: nil, protocolID: protocolID)))
        guard self.exchangesPeers else { return }
        for (node, other) in [(a, b), (b, a)] {
            let addresses = [Multiaddr(ip: [198, 51, 100, UInt8(other)], tcpPort: 1)].compactMap { $0 }
            let record = PeerRecord(peer: fixture.peer(other), sequence: 1, addresses: addresses)
            self.input(node, .signedPeerRecord(fixture.peer(other), record.sealed(by: fixture.key(other))))
        }
    }

    /// How many links there are.
    var linkCount: Int { self.links.count }

    mutating func disconnect(_ a: Int, _ b: Int) {
        self.links.remove([min(a, b), max(a, b)])
        self.input(a, .peerDisconnected(fixture.peer(b)))
        self.input(b, .peerDisconnected(fixture.peer(a)))
    }

    /// Connects everybody with `degree` others at random.
    mutating func connectRandomly(degree: Int, seed: UInt64) {
        var prng = PRNG(seed: seed)
        for node in self.routers.indices {
            var others = self.routers.indices.filter { $0 != node }
            prng.shuffle(&others, prefix: degree)
            for other in others.prefix(degree)
            where !self.links.contains([min(node, other), max(node, other)]) {
                self.connect(node, other)
            }
        }
    }

    mutating func input(_ node: Int, _ input: GossipSubRouter.Input) {
        var outputs: [GossipSubRouter.Output] = []
        self.routers[node].handle(input, now: self.now, into: &outputs)
        self.take(outputs, node)
    }

    private mutating func take(_ outputs: [GossipSubRouter.Output], _ node: Int) {
        for output in outputs {
            switch output {
            case .send(let peer, let rpc, _):
                guard let to = self.numbers[peer], self.links.contains([min(node, to), max(node, to)]) else {
                    continue
                }
                let bytes = rpc.encoded
                self.bytes += bytes.count
                self.rpcs += 1
                if self.keepsSent { self.sent.append((node, to, rpc)) }
                guard let received = try? RPC(decoding: bytes) else {
                    Issue.record("an RPC of ours that does not decode")
                    continue
                }
                self.schedule(node, to, .rpcReceived(fixture.peer(node), received))
            case .verify(let token, let message, _): self.input(node, .verified(token, message.verify()))
            case .validate(let token, _, _, _):
                if self.validationDelay == .zero {
                    self.input(node, .validated(token, .accept))
                } else {
                    self.schedule(node, .validated(token, .accept), after: self.validationDelay)
                }
            case .deliver(_, let id, _): self.delivered[node].append(id)
            case .dial(let peer, _, _):
                if let to = self.numbers[peer], self.exchangesPeers { self.dials.append((node, to)) }
            case .published, .publicationRefused, .subscriberChanged, .trace: break
            }
        }
    }

    private mutating func schedule(_ from: Int, _ to: Int, _ input: GossipSubRouter.Input) {
        let factor = self.hasUnequalLinks ? 1 + (min(from, to) * 7 + max(from, to) * 13) % 5 : 1
        self.schedule(to, input, after: self.latency * factor)
    }

    private mutating func schedule(_ node: Int, _ input: GossipSubRouter.Input, after delay: Duration) {
        self.order += 1
        let event = Event(at: self.now + delay, order: self.order, node: node, input: input)
        // Latest first, so that the next one is taken from the end.
        var low = 0
        var high = self.events.count
        while low < high {
            let middle = (low + high) / 2
            if (self.events[middle].at, self.events[middle].order) > (event.at, event.order) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        self.events.insert(event, at: low)
    }

    /// Lets time pass.
    mutating func run(_ duration: Duration) {
        let end = self.now + duration
        while true {
            var heartbeat = 0
            var deadline = Instant.distantFuture
            for node in self.routers.indices {
                guard let next = self.routers[node].nextDeadline, next < deadline else { continue }
                heartbeat = node
                deadline = next
            }
            let arrival = self.events.last?.at ?? .distantFuture
            let at = min(arrival, deadline)
            guard at <= end else { break }
            self.now = max(self.now, at)
            if arrival <= deadline, let event = self.events.popLast() {
                self.input(event.node, event.input)
            } else {
                var outputs: [GossipSubRouter.Output] = []
                self.routers[heartbeat].deadlineReached(now: self.now, into: &outputs)
                self.take(outputs, heartbeat)
            }
            while let dial = self.dials.popLast() {
                guard !self.links.contains([min(dial.from, dial.to), max(dial.from, dial.to)]) else {
                    continue
                }
                self.connect(dial.from, dial.to)
            }
        }
        self.now = end
    }

    mutating func publish(_ node: Int, seqno: UInt64, size: Int = 100) -> MessageID {
        let message = Message.signed(
            topic: "t", data: [UInt8](repeating: UInt8(seqno & 255), count: size), seqno: seqno,
            by: fixture.key(node))
        self.input(node, .publish(message))
        return MessageIDFunction.go.id(of: message)
    }

    mutating func subscribeAll() {
        for node in self.routers.indices { self.input(node, .subscribe("t")) }
    }

    /// How many nodes delivered a message.
    func reach(_ id: MessageID) -> Int {
        self.delivered.filter { $0.contains(id) }.count
    }
}
