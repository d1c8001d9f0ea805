import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore

extension NodeEngine {
    /// Binds, subscribes and begins to dial; completes when the sockets are bound.
    func start() throws -> EventLoopFuture<[Multiaddr]> {
        self.host.observe(
            HostObserver(
                connected: { [unowned self] in self.connected($0) },
                identified: { [unowned self] connection, message in self.identified(connection, message) },
                disconnected: { [unowned self] connection, last in self.disconnected(connection, last: last) }
            ))
        self.host.onDiscovered = { [unowned self] peer, candidates in self.dial(peer, at: candidates) }
        self.host.onOwnIdentityElsewhere = { [unowned self] in self.sameKeyElsewhere(at: $0) }
        self.host.setHandler(SyncLimits.protocolID) { [unowned self] stream in self.acceptSync(stream) }
        self.host.setHandler(FileLimits.protocolID) { [unowned self] stream in self.files.accept(stream) }
        self.pipeline.onAdmitted = { [unowned self] in self.admitted($0, from: $1) }
        self.pipeline.onFailure = { [unowned self] error in
            self.logger.error("the database failed", metadata: ["error": "\(error)"])
        }
        try self.startGossip()
        for space in try self.store.heldSpaces() { try self.enter(space) }
        return self.host.listen().map { [unowned self] addresses in
            self.listening(on: addresses)
            self.dialKnownPeers()
            self.tendStore()
            self.keepRecordingMetrics()
            self.files.start()
            return addresses
        }
    }

    /// How often operations whose time has come are looked for.
    private static let heldInterval = TimeAmount.seconds(60)

    /// Removes what waited for too long, and brings into force what was held because of its clock; again and
    /// again while the node stays.
    private func tendStore() {
        guard !self.isStopping else { return }
        let store = self.store
        self.pipeline.write {
            try store.sweep()
            return try store.releaseHeld()
        } completion: { [weak self] result in
            guard let self, case .success(let released) = result, !released.isEmpty else { return }
            self.admitted(released, from: nil)
        }
        guard self.configuration.presence == .longLived else { return }
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.heldInterval) { [weak self] in self?.tendStore()
        }
    }

    /// Begins to serve a space: its topic, its members.
    func enter(_ space: HeldSpace) throws {
        guard self.space(space.id) == nil else { return }
        let context = SpaceContext(
            id: space.id, isPublic: space.isPublic, members: try self.otherMembers(of: space.id))
        self.spaces.append(context)
        if !space.isPublic { self.gossip.setAllowedPeers(context.members, in: context.topic) }
        self.gossip.subscribe(context.topic)
    }

    /// Reads the members of a space again, after an operation changed them. The sessions of those who were
    /// removed are reset; who leaves on its own account, as one of `leavers`, still gets its receipts.
    func membersChanged(in context: SpaceContext, leaving leavers: Set<PeerID> = []) {
        // They stay as they were.
        guard let members = try? self.otherMembers(of: context.id) else { return }
        let joined = members.subtracting(context.members)
        let removed = context.members.subtracting(members)
        context.members = members
        for session in context.sessions where removed.contains(session.peer) {
            if leavers.contains(session.peer) { session.leave() } else { session.reset() }
        }
        self.files.membersRemoved(removed, from: context.id)
        // Who has just become a member said who it is before that.
        for connection in self.host.connections where joined.contains(connection.peer) {
            self.keepRecord(of: connection)
        }
        if !context.isPublic { self.gossip.setAllowedPeers(context.members, in: context.topic) }
        self.countOnlineMembers(of: context)
    }

    private func otherMembers(of space: SpaceID) throws -> Set<PeerID> {
        Set(try self.store.memberPeers(of: space)).subtracting([self.peerID])
    }

    /// Leaves: stops what waits, says goodbye, writes every queue, and persists what the next run should
    /// know.
    func stop() -> EventLoopFuture<Void> {
        guard !self.isStopping else { return self.eventLoop.makeSucceededVoidFuture() }
        self.isStopping = true
        for driver in self.unopenedSessions { driver.reset() }
        self.files.stop()
        for context in self.spaces {
            for session in context.sessions { session.leave() }
        }
        self.recordMetrics()
        return self.pipeline.drain().flatMap { [self] in
            let closed = self.gossip.close()
            self.persistGossip()
            return closed
        }.flatMap { [self] in
            self.host.close()
        }.flatMap { [self] in
            self.pipeline.drain()
        }.map { [self] in
            self.pipeline.shutDown()
        }
    }

    private func listening(on addresses: [Multiaddr]) {
        let store = self.store
        let port = addresses.compactMap(\.tcpPort).first
        // The record goes on from run to run, so that peers who have it are not sent it again. Without the
        // last one the next is the newer by the clock.
        if let last = try? store.ownRecord() { self.host.resumePeerRecord(last.envelope) }
        let envelope = self.host.signedPeerRecord
        self.pipeline.write {
            if let port { try store.rememberListenPort(port, unlessSet: true) }
            if let record = PeerRecord(envelope: envelope) {
                try store.saveOwnRecord(record, envelope: envelope)
            }
        }
    }
}
