import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore

extension NodeEngine {
    /// How long one dial may take, handshake included.
    static let dialDeadline = Duration.seconds(5)
    /// Members that are dialled at the start of a run, those that worked last first.
    static let maxInitialDials = 16

    /// Dials what a person typed, then members by what last worked. A member of whom both are known is
    /// dialled once, at all of its addresses, so that it is not connected twice.
    func dialKnownPeers() {
        let members = Set(self.spaces.flatMap(\.members))
        // What cannot be read now is found by discovery, or by the next run.
        let book = try? self.store.dialCandidates(for: members.sorted(), limit: Self.maxInitialDials)
        let known = (book ?? []).map { entry in
            (entry.peer, entry.addresses.map { DialCandidate($0.address, AddressSource($0.source)) })
        }
        let connect = self.configuration.connect
        for address in connect where !known.contains(where: { $0.0 == address.peerID }) {
            self.dialTyped(address)
        }
        for (peer, candidates) in known {
            let typed = connect.filter { $0.peerID == peer }.map(\.withoutPeer)
            self.dial(
                peer,
                at: typed.map { DialCandidate($0, .typed) }
                    + candidates.filter { !typed.contains($0.address) })
        }
    }

    /// Dials an address that a person typed; the future fails with a `DialError`.
    @discardableResult
    func dialTyped(
        _ address: Multiaddr, deadline: Duration = NodeEngine.dialDeadline
    ) -> EventLoopFuture<Connection> {
        self.dialsInFlight += 1
        // Our own id at an address may be another home with our key, which only a handshake tells.
        let expected = address.peerID == self.peerID ? nil : address.peerID
        let dial = self.host.dial([address.withoutPeer], expecting: expected, deadline: deadline)
        dial.whenComplete { [weak self] result in
            guard let self else { return }
            self.dialsInFlight -= 1
            if case .success(let connection) = result {
                self.remember(connection, source: .typed)
            }
            self.progressed()
        }
        return dial
    }

    /// Dials a peer unless it is connected or being dialled.
    func dial(_ peer: PeerID, at candidates: [DialCandidate]) {
        guard peer != self.peerID, !self.isStopping, self.host.connections(to: peer).isEmpty,
            !self.dialing.contains(peer)
        else { return }
        let allowed = self.host.dialPolicy.admit(candidates)
        guard !allowed.isEmpty else { return }
        self.dialing.insert(peer)
        self.dialsInFlight += 1
        self.host.dial(allowed, expecting: peer, deadline: Self.dialDeadline).whenComplete {
            [weak self] result in
            guard let self else { return }
            self.dialing.remove(peer)
            self.dialsInFlight -= 1
            switch result {
            case .success(let connection):
                self.remember(
                    connection,
                    source: candidates.first { $0.address == connection.remoteAddress.withoutPeer }?.source
                        ?? .unsolicited)
            case .failure(let error):
                self.logger.debug("a dial failed", metadata: ["peer": "\(peer)", "error": "\(error)"])
                let store = self.store
                self.pipeline.write { try store.dialFailed(peer, addresses: allowed) }
            }
            self.progressed()
        }
    }

    /// Keeps an address that worked: it enters the book only now, after a handshake with the expected peer.
    private func remember(_ connection: Connection, source: AddressSource) {
        let store = self.store
        let peer = connection.peer
        let address = connection.remoteAddress.withoutPeer
        let now = self.configuration.wallTime()
        self.pipeline.write {
            try store.dialSucceeded(peer, address: address, source: AddressOrigin(source), at: now)
        }
    }

    func connected(_ connection: Connection) {
        if connection.peer == self.peerID { return }
        if connection.direction == .outbound { self.openSessions(over: connection) }
        // Who stays wants to know how far everyone is; who leaves at once has no use for it.
        if self.configuration.presence == .longLived {
            // Kept by the connection; a peer without the service stays unmeasured.
            _ = self.host.ping(connection.peer)
        }
        for context in self.spaces { self.countOnlineMembers(of: context) }
        self.files.connected(connection.peer)
        self.progressed()
    }

    /// Tells an adaptive mesh how many members are here. In a large space most of those who are online are
    /// not connected to us, so nothing is known.
    func countOnlineMembers(of context: SpaceContext) {
        guard self.configuration.gossipSub.adaptsDegree else { return }
        let isKnown = context.members.count <= Self.knownSpaceSizeMax
        let online = Set(self.host.connections.map(\.peer)).intersection(context.members).count
        self.gossip.setOnlineMembers(isKnown ? online : nil, of: context.topic)
    }

    /// In a space of so many everybody who is online is soon connected to everybody.
    private static let knownSpaceSizeMax = 32

    func identified(_ connection: Connection, _ message: IdentifyMessage) {
        if self.spaces.contains(where: { $0.members.contains(connection.peer) }) {
            self.keepRecord(of: connection)
        }
        self.progressed()
    }

    /// Keeps the signed addresses of a member, to reach it and to pass them on.
    func keepRecord(of connection: Connection) {
        guard let envelope = connection.identify?.signedPeerRecord,
            let record = PeerRecord(envelope: envelope), record.peer == connection.peer
        else { return }
        let store = self.store
        self.pipeline.write { _ = try store.saveRecord(record, envelope: envelope) }
    }

    func disconnected(_ connection: Connection, last: Bool) {
        if last { for context in self.spaces { self.countOnlineMembers(of: context) } }
        self.progressed()
    }

    /// Another process holds our key. Both homes go on: the chain continues after the higher sequence number,
    /// and a fork shows in the database.
    func sameKeyElsewhere(at address: Multiaddr) {
        guard !self.hasWarnedOfSameKey else { return }
        self.hasWarnedOfSameKey = true
        self.configuration.onWarning?(.sameKeyElsewhere(address))
    }

    /// Whether every peer that could be reached has been tried: no dial is under way.
    var dialsAreSettled: Bool { self.dialsInFlight == 0 }

    // MARK: - Status

    /// Who is known and connected, members first, then other connected peers, each by id.
    func peerStatuses() throws -> [PeerStatus] {
        let book = try self.store.peerBook()
        var order: [PeerID] = []
        var seen: Set<PeerID> = []
        for peer in book.map(\.peer) + self.host.connections.map(\.peer).sorted()
        where seen.insert(peer).inserted {
            order.append(peer)
        }
        return order.map { peer in
            let connection = self.host.connections(to: peer).first
            let known = book.first { $0.peer == peer }
            let addresses = known?.addresses.map(\.address) ?? []
            let topics = self.spaces.map { self.topicStatus(of: peer, in: $0.topic) }
            return PeerStatus(
                peer: peer.description,
                addresses: (addresses.isEmpty ? connection.map { [$0.remoteAddress] } ?? [] : addresses).map(
                    \.description),
                connected: connection != nil,
                direction: connection.map { $0.direction == .inbound ? "inbound" : "outbound" },
                agent: connection?.identify?.agentVersion ?? known?.agent,
                roundTripMilliseconds: connection?.rtt.map { Double($0.saturatedNanoseconds) / 1_000_000 },
                topics: topics,
                spaces: self.spaces.filter { $0.members.contains(peer) }.map(\.id.hex))
        }
    }

    private func topicStatus(of peer: PeerID, in topic: Topic) -> PeerStatus.TopicStatus {
        let mesh = self.gossip.meshPeers(topic)
        let degrees = self.gossip.meshDegrees(topic)
        let backoff = self.gossip.backoff(of: peer, in: topic) ?? .zero
        return PeerStatus.TopicStatus(
            topic: topic.description, subscribed: self.gossip.subscribers(topic).contains(peer),
            inMesh: mesh.contains(peer), score: self.gossip.score(of: peer),
            backoffSeconds: Double(backoff.saturatedNanoseconds) / 1_000_000_000,
            why: PeerStatus.Why(self.gossip.meshStanding(of: peer, in: topic)), meshPeers: mesh.count,
            meshLow: degrees?.degreeLow ?? 0, meshHigh: degrees?.degreeHigh ?? 0,
            scoreParts: self.gossip.scoreParts(of: peer).map { .init($0, in: topic) })
    }
}

extension PeerStatus.Why {
    init(_ standing: MeshStanding) {
        self =
            switch standing {
            case .inMesh: .inMesh
            case .direct: .direct
            case .notJoined: .notJoined
            case .notConnected: .notConnected
            case .withoutMesh: .withoutMesh
            case .notAllowed: .notMember
            case .notSubscribed: .notSubscribed
            case .backoff: .backoff
            case .negativeScore: .negativeScore
            case .full: .full
            case .answersOnly: .oneShot
            case .candidate: .candidate
            }
    }
}

extension PeerStatus.ScorePartsStatus {
    init(_ parts: ScoreParts, in topic: Topic) {
        // A topic in which a peer never did anything has no parts.
        let own = parts.topics.first { $0.topic == topic } ?? ScoreParts.Topic(topic: topic)
        self.init(
            p1: own.p1, p2: own.p2, p3: own.p3, p3b: own.p3b, p4: own.p4, topic: own.score,
            topics: parts.topicsSum, p5: parts.p5, p6: parts.p6, p7: parts.p7)
    }
}
