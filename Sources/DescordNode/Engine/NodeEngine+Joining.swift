import DescordCore
import DescordCrypto
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore

/// What a join is made with.
public enum JoinRequest: Sendable {
    case ticket(Ticket)
    /// A public space, by its id.
    case space(SpaceID)

    /// The space.
    var space: SpaceID {
        switch self {
        case .ticket(let ticket): ticket.space
        case .space(let id): id
        }
    }
}

extension JoinRequest {
    /// Whether a ticket names the peer as one to ask.
    fileprivate func names(_ peer: PeerID) -> Bool {
        if case .ticket(let ticket) = self { ticket.peers.contains { $0.id == peer } } else { false }
    }
}

/// How joining ended.
public enum JoinResult: Sendable {
    case joined(JoinReport)
    /// We are a member; not everything was fetched before the deadline.
    case admittedNotFetched(JoinReport)
    /// Nobody who could admit us answered; nothing was stored.
    case unreachable
    case refused(SyncRefusal)
}

extension NodeEngine {
    /// The progress of one join. Members are asked one after another, so that a ticket is not used twice.
    private final class Joining {
        let request: JoinRequest
        var asked: Set<PeerID> = []
        var current: SyncDriver?
        var isReconciled = false
        var refusal: SyncRefusal?
        var received = 0

        init(_ request: JoinRequest) { self.request = request }
    }

    /// Joins a space, or finds that nobody lets us in. Fails with the database's error when something that
    /// came could not be stored.
    func join(_ request: JoinRequest, deadline: NIODeadline) -> EventLoopFuture<JoinResult> {
        let joining = Joining(request)
        self.storingFailure = nil
        do {
            if try self.store.holds(request.space) { return try self.rejoined(request, deadline: deadline) }
            try self.store.beginJoin(request.space)
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
        if case .ticket(let ticket) = request {
            for contact in ticket.peers {
                self.dial(contact.id, at: contact.addresses.map { DialCandidate($0, .ticket) })
            }
        }
        let start = NIODeadline.now()
        let grace = self.configuration.usesMulticastDNS ? start + Self.discoveryGrace : start
        let graceTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: grace) { self.progressed() }
        return self.wait(until: deadline) { [unowned self] in
            if joining.isReconciled { return true }
            if joining.current == nil, self.askNext(joining) { return false }
            return joining.current == nil && self.dialsAreSettled
                && (joining.refusal != nil || NIODeadline.now() >= grace)
        }.flatMap { [self] _ in
            graceTimer.cancel()
            return self.pipeline.drain()
        }.flatMapThrowing { [self] in
            try self.result(of: joining)
        }
    }

    /// Opens the next session to a connected peer that was not asked; returns whether one was opened.
    private func askNext(_ joining: Joining) -> Bool {
        for connection in self.host.connections where !joining.asked.contains(connection.peer) {
            joining.asked.insert(connection.peer)
            guard let remoteKey = connection.peer.ed25519,
                let storage = self.store.syncStorage(of: joining.request.space),
                let stream = connection.openStream(SyncLimits.protocolID)
            else { continue }
            let session = SyncSession(
                initiating: storage,
                purpose: self.purpose(of: joining.request, over: connection),
                localKey: self.key.publicKey, remoteKey: remoteKey, nonce: Entropy.bytes(32),
                stays: false, now: self.configuration.wallTime())
            let driver = self.run(
                session, over: stream, isInitiator: true, in: nil,
                trusted: joining.request.names(connection.peer))
            joining.current = driver
            self.watch(driver, for: joining)
            return true
        }
        return false
    }

    private func purpose(of request: JoinRequest, over connection: Connection) -> SyncSession.Purpose {
        switch request {
        case .space: .joinPublic
        case .ticket(let ticket):
            .join(
                invite: ticket.invite,
                proof: JoinProof.forConnection(
                    space: ticket.space, invite: ticket.invite, joiner: self.key.publicKey,
                    handshakeHash: connection.handshakeHash, by: ticket.key))
        }
    }

    private func watch(_ driver: SyncDriver, for joining: Joining) {
        driver.onEvent = { [weak self] driver, event in
            guard let self else { return }
            switch event {
            case .joinNeeded: self.writeJoin(joining, for: driver)
            case .reconciled: joining.isReconciled = true
            case .refused(let refusal):
                // The most telling refusal is kept: a member that names a reason knows the space.
                if joining.refusal == nil || joining.refusal == .unknown { joining.refusal = refusal }
            default: break
            }
            joining.received = driver.report.received
            self.handle(event, of: driver)
        }
        driver.onClosed = { [weak self] driver in
            if joining.current === driver { joining.current = nil }
            self?.closed(driver)
        }
        // The first events may have come before we watched.
        if driver.isOver { joining.current = nil }
    }

    private func writeJoin(_ joining: Joining, for driver: SyncDriver) {
        let store = self.store
        let now = self.configuration.wallTime()
        let request = joining.request
        self.pipeline.write { () throws -> Operation in
            switch request {
            case .ticket(let ticket):
                try store.authorJoin(with: ticket, at: now).operation
            case .space(let space):
                try store.authorPublicJoin(of: space, at: now).operation
            }
        } completion: { [weak self, weak driver] result in
            switch result {
            case .success(let operation): driver?.joined(operation)
            case .failure(let error):
                self?.storingFailure = error
                driver?.reset()
            }
        }
    }

    private func result(of joining: Joining) throws -> JoinResult {
        let space = joining.request.space
        // Not asked of the session: who is a member already, in another home with the same key, is let in
        // without an admission.
        guard try self.store.holds(space),
            let held = try self.store.heldSpaces().first(where: { $0.id == space })
        else {
            if let error = self.storingFailure {
                // What was begun goes away with the next one, or in time.
                try? self.store.abandonJoin(space)
                throw error
            }
            try self.store.abandonJoin(space)
            return joining.refusal.map { .refused($0) } ?? .unreachable
        }
        try self.enter(held)
        if !joining.isReconciled, let error = self.storingFailure { throw error }
        let report = JoinReport(
            space: space.hex, name: held.name, operationsReceived: joining.received,
            peers: joining.asked.count)
        return joining.isReconciled ? .joined(report) : .admittedNotFetched(report)
    }

    /// A space that this home holds already: joining again is reconciling.
    private func rejoined(_ request: JoinRequest, deadline: NIODeadline) throws -> EventLoopFuture<JoinResult>
    {
        let held = try self.store.heldSpaces().first { $0.id == request.space }
        return self.reconcile(request.space, deadline: deadline).map { reports in
            .joined(
                JoinReport(
                    space: request.space.hex, name: held?.name ?? "",
                    operationsReceived: reports.reduce(0) { $0 + $1.received }, peers: reports.count))
        }
    }

    // MARK: - Admitting

    /// Somebody asks to come in: stores the join and writes the admission, or finds that it may not be.
    func admit(_ join: Operation, for driver: SyncDriver) {
        let store = self.store
        let now = self.configuration.wallTime()
        self.pipeline.write {
            try store.admit(join, at: now)
        } completion: { [weak self, weak driver] result in
            switch result {
            case .success(.admitted(let admission, let arrived)):
                driver?.admitted(admission)
                self?.admitted(arrived, from: nil)
                if let context = self?.space(join.space) {
                    self?.publishToMesh([join.id, admission.id], in: context)
                }
            case .success(.refused(let verdict)): driver?.admissionRefused(verdict)
            case .failure: driver?.reset()
            }
        }
    }
}
