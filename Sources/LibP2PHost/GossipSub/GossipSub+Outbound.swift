import LibP2P
import LibP2PCore
import NIOCore

// MARK: - Connections, and the streams that we write
extension GossipSub {
    /// Unsent bytes of a stream above which its queue waits.
    private static let unsentBytesMax = 256 * 1_024
    /// Bytes that are written before the peer agreed to the protocol.
    private static let unconfirmedBytesMax = 4 << 20
    /// How often in a row a stream may die before the peer is given up.
    private static let failureCountMax = 4
    /// A stream that lived for so long was not dead from the start.
    private static let failureMemory: Duration = .seconds(600)
    /// The first wait before a dead stream is opened again; it doubles.
    private static let firstRetryDelay = TimeAmount.milliseconds(100)

    func connected(_ connection: Connection) {
        guard !self.isClosed, self.peers[connection.peer] == nil else { return }
        // Most peers speak the newest protocol, and asking first would cost a round trip.
        self.addPeer(connection.peer, .meshsub13, connection)
    }

    func identified(_ connection: Connection, _ message: IdentifyMessage) {
        guard !self.isClosed, let best = GossipSubProtocol.best(of: message.protocols) else { return }
        defer {
            // Identify has checked that the peer signed it.
            if let record = connection.identify?.signedPeerRecord {
                self.apply(.signedPeerRecord(connection.peer, record))
            }
        }
        if let peer = self.peers[connection.peer] {
            guard peer.outbound == nil, !peer.isOpening, peer.retry == nil else { return }
            self.open(peer, best)
        } else {
            self.addPeer(connection.peer, best, connection)
        }
    }

    func disconnected(_ connection: Connection, last: Bool) {
        guard last else { return }
        self.removePeer(connection.peer)
    }

    func addPeer(_ id: PeerID, _ protocolID: GossipSubProtocol, _ connection: Connection) {
        let peer = GossipSubPeer(id: id, protocolID: protocolID, configuration: self.configuration)
        self.peers[id] = peer
        self.open(peer, protocolID)
    }

    func removePeer(_ id: PeerID) {
        guard let peer = self.peers.removeValue(forKey: id) else { return }
        let streams = [peer.inbound, peer.outbound]
        peer.inbound = nil
        peer.outbound = nil
        peer.gaveUp()
        for stream in streams { stream?.reset() }
        if !self.isClosed { self.apply(.peerDisconnected(id)) }
    }

    /// Opens the outbound stream with one protocol, usable at once.
    private func open(_ peer: GossipSubPeer, _ protocolID: GossipSubProtocol) {
        guard !self.isClosed, peer.outbound == nil,
            let connection = self.host.connections(to: peer.id).first(where: { $0.isUsable })
        else { return }
        guard let stream = connection.openStream(protocolID.rawValue) else {
            return self.outboundDied(peer, nil)
        }
        peer.protocolID = protocolID
        let resent = peer.unconfirmed ?? []
        peer.unconfirmed = []
        peer.unconfirmedBytes = 0
        self.adopt(stream, of: peer)
        stream.onNegotiated = { [weak self, weak peer] in
            guard let self, let peer else { return }
            peer.unconfirmed = nil
            peer.unconfirmedBytes = 0
            self.drain(peer)
        }
        self.announce(peer, connection, resending: resent)
    }

    /// Says hello on a new stream, and again what was said on one that the peer did not agree to.
    private func announce(_ peer: GossipSubPeer, _ connection: Connection, resending rpcs: [RPC]) {
        self.apply(
            .peerConnected(
                peer.id,
                PeerConnection(
                    direction: connection.direction == .outbound ? .outbound : .inbound,
                    address: connection.remoteAddress, protocolID: peer.protocolID)))
        self.drain(peer)
        for var rpc in rpcs {
            // The hello has all of them.
            rpc.subscriptions = []
            rpc.extensions = nil
            if !rpc.isEmpty { self.write(rpc, to: peer) }
        }
    }

    /// Says hello again to a peer that began anew without a new stream of ours: py-libp2p forgets our
    /// subscriptions when a stream of its own dies, and knows no way to ask.
    func greetAgain(_ peer: GossipSubPeer) {
        guard peer.outbound != nil else { return }  // its opening says hello
        self.apply(.peerBeganAgain(peer.id))
        self.drain(peer)
    }

    private func adopt(_ stream: Stream, of peer: GossipSubPeer) {
        peer.outbound = stream
        stream.onWritable = { [weak self, weak peer] in
            if let self, let peer { self.drain(peer) }
        }
        // Streams carry RPCs one way: nothing may come back on ours.
        stream.onData = { [weak stream] _ in stream?.reset(code: StreamErrorCode.protocolViolation) }
        stream.onClosed = { [weak self, weak peer] failure in
            guard let self, let peer, peer.outbound === stream else { return }
            peer.outbound = nil
            guard !self.isClosed else { return peer.gaveUp() }
            // What follows a refused proposal is no proposal either: some peers reset the stream over it.
            if failure == .refused || peer.unconfirmed != nil && failure != .connectionClosed {
                self.outboundRefused(peer, failure)
            } else {
                self.outboundDied(peer, failure)
            }
        }
    }

    /// The guess was wrong: what identify says, or else what the peer answers, decides.
    private func outboundRefused(_ peer: GossipSubPeer, _ failure: StreamFailure?) {
        let connections = self.host.connections(to: peer.id)
        if let offered = connections.compactMap(\.identify).first?.protocols {
            guard let best = GossipSubProtocol.best(of: offered) else { return self.removePeer(peer.id) }
            return best == peer.protocolID ? self.outboundDied(peer, failure) : self.open(peer, best)
        }
        guard let connection = connections.first(where: { $0.isUsable }), !peer.isOpening else { return }
        peer.isOpening = true
        connection.openStream(GossipSubProtocol.identifiers).assumeIsolated().whenComplete {
            [weak self, weak peer] result in
            guard let self, let peer, self.peers[peer.id] === peer else {
                if case .success(let stream) = result { stream.reset() }
                return
            }
            peer.isOpening = false
            guard case .success(let stream) = result, peer.outbound == nil,
                let protocolID = GossipSubProtocol(rawValue: stream.protocolID)
            else { return self.removePeer(peer.id) }
            peer.protocolID = protocolID
            let resent = peer.unconfirmed ?? []
            peer.unconfirmed = nil
            peer.unconfirmedBytes = 0
            self.adopt(stream, of: peer)
            self.announce(peer, connection, resending: resent)
        }
    }

    /// Opens a dead stream again after a while, and gives the peer up when that keeps happening.
    private func outboundDied(_ peer: GossipSubPeer, _ failure: StreamFailure?) {
        if failure == .connectionClosed, self.host.connections(to: peer.id).contains(where: { $0.isUsable }) {
            // The stream was well; another connection is there to carry the next one.
            return self.open(peer, peer.protocolID)
        }
        let now = self.host.now
        if let last = peer.lastFailure, now - last > Self.failureMemory { peer.failures = 0 }
        peer.lastFailure = now
        peer.failures += 1
        guard peer.failures <= Self.failureCountMax, !self.host.connections(to: peer.id).isEmpty else {
            return self.removePeer(peer.id)
        }
        let delay = Self.firstRetryDelay * (1 << (peer.failures - 1))
        peer.retry = self.host.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self, weak peer] in
            guard let self, let peer, self.peers[peer.id] === peer else { return }
            peer.retry = nil
            self.open(peer, peer.protocolID)
        }
    }

    /// Writes as much of a queue as the stream takes.
    func drain(_ peer: GossipSubPeer) {
        guard let stream = peer.outbound else { return }
        while stream.pendingBytes < Self.unsentBytesMax, peer.unconfirmedBytes < Self.unconfirmedBytesMax,
            let rpc = peer.queue.pop()
        {
            self.write(rpc, to: peer)
        }
        peer.didWrite()
    }

    private func write(_ rpc: RPC, to peer: GossipSubPeer) {
        let frame = self.frame(rpc)
        if peer.unconfirmed != nil {
            peer.unconfirmed?.append(rpc)
            peer.unconfirmedBytes += frame.count
        }
        peer.outbound?.write(frame)
    }
}
