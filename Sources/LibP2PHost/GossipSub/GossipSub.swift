import LibP2P
import LibP2PCore
import Logging
import NIOCore

/// Gossipsub on a host: a `GossipSubRouter` with streams, timers, queues and threads.
///
/// Confined to the host's event loop, callbacks included. Set the callbacks before the first connection, and
/// `close()` before the host closes.
public final class GossipSub {
    public let configuration: Configuration
    /// Where it listens and dials.
    public let host: Host

    /// Decides about a message whose signature is good; must call back exactly once, on the loop, now or
    /// later. Without one every message is accepted.
    public var validator: ((ReceivedMessage, _ verdict: @escaping (ValidationResult) -> Void) -> Void)?
    /// Called with every accepted message of a joined topic, once.
    public var onMessage: ((ReceivedMessage) -> Void)?
    /// Called when a peer begins or ceases to count as a subscriber of a topic that we have to do with.
    public var onSubscriberChanged: ((PeerID, Topic, _ isSubscribed: Bool) -> Void)?
    /// Called when an own message was handed to peers: at once for those of `publish`, again for later ones.
    public var onPublished: ((MessageID, Topic, _ peers: [PeerID]) -> Void)?
    /// Called when a peer's first RPC was handled: what it subscribes to is known.
    public var onAnnounced: ((PeerID) -> Void)?
    /// Called with trace events when the configuration asks for them.
    public var onTrace: ((TraceEvent) -> Void)?

    let logger: Logger
    var router: GossipSubRouter
    var peers: [PeerID: GossipSubPeer] = [:]
    let dialer: GossipSubDialer
    private var verifier: SignatureVerifier?
    private var pendingOutputs: [GossipSubRouter.Output] = []
    private var isDraining = false
    private var timer: Scheduled<Void>?
    private var timerDeadline: Instant?
    /// Which peer each message that is being verified or validated came from.
    private var outstanding: [ValidationToken: PeerID] = [:]
    private(set) var isClosed = false
    /// RPCs that found no room in a peer's queue, since the start.
    public private(set) var droppedRPCCount = 0
    /// The last RPC with messages that was encoded: the mesh gets the same one several times over.
    private var lastFrame: (rpc: RPC, frame: [UInt8])?

    /// Registers the protocols with the host. Must be called on the host's loop.
    /// - Parameter prng: what the router's random choices follow from; seeded from `Entropy` outside of
    ///   tests.
    public init(host: Host, configuration: Configuration = Configuration(), prng: PRNG, logger: Logger) {
        host.eventLoop.preconditionInEventLoop()
        self.host = host
        self.configuration = configuration
        self.logger = logger
        self.router = GossipSubRouter(
            parameters: configuration.parameters, localPeer: host.peerID, prng: prng)
        self.router.isTracing = configuration.isTracing
        self.dialer = GossipSubDialer(host: host, parameters: configuration.parameters)
        self.verifier = SignatureVerifier(
            eventLoop: host.eventLoop, threads: configuration.verifierThreads
        ) { [weak self] answers in
            for (token, failure) in answers { self?.verified(token, failure) }
        }
        for protocolID in GossipSubProtocol.allCases {
            host.setHandler(protocolID.rawValue) { [weak self] stream in
                if let self { self.accept(stream, protocolID) } else { stream.reset() }
            }
        }
        host.observe(
            HostObserver(
                connected: { [weak self] in self?.connected($0) },
                identified: { [weak self] in self?.identified($0, $1) },
                disconnected: { [weak self] in self?.disconnected($0, last: $1) }))
        for connection in host.connections { self.connected(connection) }
    }

    // MARK: - Inputs and outputs of the router

    /// Hands an input to the router and does what it says; returns what it put out at once.
    @discardableResult
    func apply(_ input: GossipSubRouter.Input) -> [GossipSubRouter.Output] {
        var outputs: [GossipSubRouter.Output] = []
        self.router.handle(input, now: self.host.now, into: &outputs)
        self.perform(outputs)
        self.scheduleTimer()
        return outputs
    }

    /// Does what the router says, in its order: what follows from a callback comes after what led to it.
    private func perform(_ outputs: [GossipSubRouter.Output]) {
        self.pendingOutputs += outputs
        guard !self.isDraining else { return }
        self.isDraining = true
        var index = 0
        while index < self.pendingOutputs.count {
            self.perform(self.pendingOutputs[index])
            index += 1
        }
        self.pendingOutputs = []
        self.lastFrame = nil
        self.isDraining = false
    }

    private func perform(_ output: GossipSubRouter.Output) {
        switch output {
        case .send(let peer, let rpc, let priority): self.send(rpc, priority, to: peer)
        case .verify(let token, let message, let peer):
            self.outstanding[token] = peer
            self.peers[peer]?.pendingCount += 1
            self.verifier?.verify(token, message)
        case .validate(let token, let message, let id, let from):
            guard let validator else { return self.validated(token, .accept) }
            validator(ReceivedMessage(message: message, id: id, from: from)) { [weak self] result in
                self?.validated(token, result)
            }
        case .deliver(let message, let id, let from):
            self.onMessage?(ReceivedMessage(message: message, id: id, from: from))
        case .published(let id, let topic, let peers): self.onPublished?(id, topic, peers)
        case .publicationRefused: break
        case .subscriberChanged(let peer, let topic, let isSubscribed):
            self.onSubscriberChanged?(peer, topic, isSubscribed)
        case .dial(let peer, let addresses, let reason): self.dialer.dial(peer, addresses, reason)
        case .trace(let event): self.onTrace?(event)
        }
    }

    private func verified(_ token: ValidationToken, _ failure: StrictSignFailure?) {
        guard !self.isClosed else { return }
        let goesOn = self.apply(.verified(token, failure)).contains {
            if case .validate(token, _, _, _) = $0 { true } else { false }
        }
        if !goesOn { self.settled(token) }
    }

    private func validated(_ token: ValidationToken, _ result: ValidationResult) {
        guard !self.isClosed else { return }
        self.apply(.validated(token, result))
        self.settled(token)
    }

    /// Lets a peer go on when enough of its messages have been decided.
    private func settled(_ token: ValidationToken) {
        guard let id = self.outstanding.removeValue(forKey: token), let peer = self.peers[id] else { return }
        peer.pendingCount -= 1
        if peer.isReadingPaused, peer.pendingCount <= self.configuration.pendingPerPeerMax / 2 {
            self.resumeReading(peer)
        }
    }

    private func send(_ rpc: RPC, _ priority: SendPriority, to id: PeerID) {
        guard let peer = self.peers[id] else { return }
        guard peer.queue.push(rpc, priority) else {
            self.droppedRPCCount += 1
            self.apply(.queueFull(id, rpc))
            return
        }
        self.drain(peer)
    }

    /// The frame of an RPC, encoded once for all that get it in one go.
    func frame(_ rpc: RPC) -> [UInt8] {
        guard !rpc.messages.isEmpty else { return rpc.framed }
        if let lastFrame, lastFrame.rpc == rpc { return lastFrame.frame }
        let frame = rpc.framed
        self.lastFrame = (rpc, frame)
        return frame
    }

    // MARK: - Time

    private func scheduleTimer() {
        guard !self.isClosed, let deadline = self.router.nextDeadline, deadline != self.timerDeadline else {
            return
        }
        self.timer?.cancel()
        self.timerDeadline = deadline
        let delay = TimeAmount.nanoseconds(max(0, (deadline - self.host.now).saturatedNanoseconds))
        self.timer = self.host.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            guard let self, !self.isClosed else { return }
            self.timerDeadline = nil
            var outputs: [GossipSubRouter.Output] = []
            self.router.deadlineReached(now: self.host.now, into: &outputs)
            self.perform(outputs)
            self.resetSlowFrames()
            self.scheduleTimer()
        }
    }

    // MARK: - Leaving

    /// Completes when every RPC that waits now has reached its socket, or its stream is gone.
    public func flush() -> EventLoopFuture<Void> {
        let loop = self.host.eventLoop
        let futures = self.peers.keys.sorted().compactMap { self.peers[$0]?.flushed(on: loop) }
        return EventLoopFuture.andAllComplete(futures, on: loop)
    }

    /// Leaves all topics, tells the peers, and completes when that has reached the sockets. Nothing is
    /// received or sent afterwards.
    public func close() -> EventLoopFuture<Void> {
        guard !self.isClosed else { return self.host.eventLoop.makeSucceededVoidFuture() }
        for topic in self.router.joinedTopics { self.apply(.unsubscribe(topic)) }
        self.isClosed = true
        self.timer?.cancel()
        self.dialer.stop()
        self.verifier?.stop()
        self.verifier = nil
        for protocolID in GossipSubProtocol.identifiers { self.host.removeHandler(protocolID) }
        let peers = self.peers.keys.sorted().compactMap { self.peers[$0] }
        for peer in peers {
            if peer.outbound == nil { peer.gaveUp() }
            peer.retry?.cancel()
            peer.inbound?.reset()
            peer.inbound = nil
        }
        let flushed = self.flush()
        flushed.assumeIsolated().whenComplete { _ in
            for peer in peers { peer.outbound?.finish() }
            self.peers = [:]
        }
        return flushed
    }
}
