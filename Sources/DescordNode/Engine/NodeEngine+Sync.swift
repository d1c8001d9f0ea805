import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore

extension NodeEngine {
    /// Sessions that one peer may hold open with us at once.
    static let maxInboundSessionsPerPeer = 64
    /// Operations that go with the first flight.
    static let maxFirstFlight = SyncLimits.maxPushCount

    // MARK: - Opening

    /// Opens a session for every space that the peer of a new connection shares with us, or may share when it
    /// was dialled at a typed address.
    func openSessions(over connection: Connection) {
        let known = self.spaces.filter { $0.members.contains(connection.peer) }
        for context in known.isEmpty ? self.spaces : known {
            self.openSession(context, over: connection)
        }
    }

    /// Opens one session as initiator; returns nil when the connection cannot carry it.
    @discardableResult
    func openSession(
        _ context: SpaceContext, over connection: Connection, stays: Bool? = nil
    ) -> SyncDriver? {
        guard let remoteKey = connection.peer.ed25519, !self.isStopping,
            let storage = self.store.syncStorage(of: context.id),
            let stream = connection.openStream(SyncLimits.protocolID)
        else { return nil }
        // What cannot be read now is found by reconciling.
        let pending = (try? self.store.outboxIDs(of: context.id, limit: Self.maxFirstFlight)) ?? []
        let session = SyncSession(
            initiating: storage, purpose: .reconcile, localKey: self.key.publicKey, remoteKey: remoteKey,
            nonce: Entropy.bytes(32), pushing: context.members.contains(connection.peer) ? pending : [],
            stays: stays ?? (self.configuration.presence == .longLived), now: self.configuration.wallTime())
        return self.run(session, over: stream, isInitiator: true, in: context)
    }

    /// Answers a stream that a peer opened.
    func acceptSync(_ stream: Stream) {
        let open = (self.spaces.map(\.sessions) + [self.unopenedSessions]).reduce(0) { count, sessions in
            count + sessions.count { $0.peer == stream.peer && !$0.isInitiator }
        }
        guard let remoteKey = stream.peer.ed25519, open < Self.maxInboundSessionsPerPeer, !self.isStopping
        else {
            stream.reset()
            return
        }
        let session = SyncSession(
            responding: self.store.syncDirectory(), localKey: self.key.publicKey, remoteKey: remoteKey,
            handshakeHash: stream.connection.handshakeHash,
            stays: self.configuration.presence == .longLived, now: self.configuration.wallTime())
        let driver = self.run(session, over: stream, isInitiator: false, in: nil)
        guard !driver.isOver, driver.space == nil else { return }
        self.unopenedSessions.append(driver)
        self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(self.openingDeadline)) {
            [weak self, weak driver] in
            guard let self, let driver, self.unopenedSessions.contains(where: { $0 === driver }) else {
                return
            }
            driver.reset()
        }
    }

    @discardableResult
    func run(
        _ session: consuming SyncSession, over stream: Stream, isInitiator: Bool, in context: SpaceContext?,
        trusted: Bool = false
    ) -> SyncDriver {
        let driver = SyncDriver(
            session: session, stream: stream, isInitiator: isInitiator,
            awaitsAgreement: isInitiator && !trusted && !self.speaksSync(stream.connection))
        if isInitiator { self.begun(driver) }
        context?.sessions.append(driver)
        driver.onEvent = { [weak self] driver, event in self?.handle(event, of: driver) }
        driver.onClosed = { [weak self] driver in self?.closed(driver) }
        driver.start()
        return driver
    }

    /// Whether the peer is known to speak our protocol: a member of one of our spaces does, and identify
    /// says. Anybody else is asked first, for some implementations take what follows a refused proposal for
    /// another.
    private func speaksSync(_ connection: Connection) -> Bool {
        self.spaces.contains { $0.members.contains(connection.peer) }
            || connection.identify?.protocols.contains(SyncLimits.protocolID) ?? false
    }

    // MARK: - Events

    func handle(_ event: SyncSession.Event, of driver: SyncDriver) {
        switch event {
        case .opened(let space, _):
            self.unopenedSessions.removeAll { $0 === driver }
            self.begun(driver)
            self.space(space)?.sessions.append(driver)
        case .store(let operations):
            self.store(operations, for: driver)
        case .admit(let join):
            self.admit(join, for: driver)
        case .receipts(let ids):
            self.receiptsCame(ids, from: driver.peer)
        case .record(let record, let peerRecord):
            self.recordCame(record, peerRecord)
        case .reconciled:
            self.settled(driver, .reconciled)
        case .stoppedShort:
            self.settled(driver, .stoppedShort)
        case .ended:
            self.progressed()
        case .failed(let failure):
            self.logger.debug(
                "a sync session failed", metadata: ["peer": "\(driver.peer)", "failure": "\(failure)"])
            self.settled(driver, .failed)
        case .refused(let refusal):
            self.logger.debug(
                "a sync session was refused", metadata: ["peer": "\(driver.peer)", "refusal": "\(refusal)"])
            self.settled(driver, .failed)
        case .accepted, .admitted, .joinNeeded, .finish: break
        }
    }

    private func store(_ operations: [UnverifiedOperation], for driver: SyncDriver) {
        self.pipeline.submit(operations.map { .sync($0) }, from: .sync(driver.peer)) {
            [weak self, weak driver] outcomes in
            var durable: [OperationID] = []
            var refused: [OperationID] = []
            for (operation, outcome) in zip(operations, outcomes) {
                if case .refused(let failure) = outcome { return driver?.rejected(failure) ?? () }
                if case .failed(let error) = outcome {
                    self?.storingFailure = error
                    // Nothing of it was refused: the peer keeps it for another time.
                    return driver?.reset() ?? ()
                }
                if case .judged(_, let verdict) = outcome, verdict.isDurable {
                    durable.append(operation.id)
                } else {
                    refused.append(operation.id)
                }
            }
            driver?.stored(durable: durable, refused: refused)
        }
    }

    private func receiptsCame(_ ids: [OperationID], from peer: PeerID) {
        let store = self.store
        let now = self.configuration.wallTime()
        self.receiptsInFlight += 1
        self.pipeline.write {
            try store.recordReceipts(ids, from: peer, at: now)
        } completion: { [weak self] result in
            guard let self else { return }
            self.receiptsInFlight -= 1
            if case .success = result { self.receipts.received(ids, from: peer) }
            self.progressed()
        }
    }

    private func recordCame(_ record: SyncRecord, _ peerRecord: PeerRecord) {
        let store = self.store
        self.pipeline.write { _ = try store.saveRecord(peerRecord, envelope: record.envelope) }
        guard self.spaces.contains(where: { $0.members.contains(peerRecord.peer) }) else { return }
        self.dial(peerRecord.peer, at: peerRecord.addresses.map { DialCandidate($0, .unsolicited) })
    }

    /// What a session's work came to.
    private enum SessionEnd { case reconciled, stoppedShort, failed }

    /// Counts a session among those that are at work.
    private func begun(_ driver: SyncDriver) {
        guard !driver.isUnsettled else { return }
        driver.isUnsettled = true
        self.unsettledSessions += 1
    }

    /// The first end of a session's work: everything exchanged, or nothing more to expect.
    private func settled(_ driver: SyncDriver, _ end: SessionEnd) {
        guard driver.isUnsettled else { return }
        driver.isUnsettled = false
        self.unsettledSessions -= 1
        if end == .reconciled { driver.hasReconciled = true }
        if let space = driver.space, end != .failed {
            let report = driver.report
            self.finishedSessions.append(
                SyncReport(
                    space: space.hex, peer: driver.peer.description, sent: report.sent,
                    received: report.received,
                    roundTrips: report.roundTrips, bytes: report.bytesSent + report.bytesReceived,
                    completed: end == .reconciled))
        }
        self.progressed()
    }

    func closed(_ driver: SyncDriver) {
        self.settled(driver, .failed)
        self.unopenedSessions.removeAll { $0 === driver }
        for context in self.spaces { context.sessions.removeAll { $0 === driver } }
        self.progressed()
    }

    // MARK: - Spreading

    /// Operations were admitted: tells who follows, gives receipts to their authors, and passes on what did
    /// not come by gossip to members with an open session.
    func admitted(_ operations: [AdmittedOperation], from source: IngestSource?) {
        for context in self.spaces {
            let here = operations.map(\.operation).filter { $0.space == context.id }
            guard !here.isEmpty else { continue }
            if case .sync = source {
                for operation in here { self.recentlySynced.insert(operation.id) }
                self.measureSynced(here, in: context)
            }
            if here.contains(where: { $0.kind.changesMembers }) {
                let leavers = here.filter { $0.kind == .memberLeave }.map { PeerID($0.author) }
                self.membersChanged(in: context, leaving: Set(leavers))
            }
            let committed = here.map { (id: $0.id, author: $0.author) }
            for session in context.sessions {
                session.committed(committed)
                // Gossip spreads what came by gossip; everything else is passed on over open sessions.
                if case .gossip = source { continue }
                if source == .sync(session.peer) || !session.isOpen { continue }
                session.push(here.map(\.id))
            }
        }
        self.files.admitted(operations.map(\.operation))
        if let newest = operations.map(\.arrival).max() { self.onArrival?(newest) }
        self.progressed()
    }
}

extension OperationKind {
    /// Whether an operation of this kind can change who is a member.
    var changesMembers: Bool {
        switch self {
        case .spaceCreate, .memberAdmit, .memberLeave, .memberRemove, .ban, .unban, .roleGrant, .roleTake:
            true
        default: false
        }
    }
}
