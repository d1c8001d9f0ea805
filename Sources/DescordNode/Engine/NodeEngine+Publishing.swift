import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore

/// What publishing came to.
public struct Publication: Sendable {
    /// How many other members stored each operation.
    public var storedBy: [OperationID: Int]
    /// How many other members hold every file of each message that has some.
    public var heldBy: [OperationID: Int] = [:]
    /// Whether there is another member at all.
    public var hasOtherMembers: Bool
    /// From the call until the first stream to a member was open; nil when none was.
    public var connect: Duration?
    /// From the call until the message was handed to the mesh; nil when nobody subscribed.
    public var publish: Duration?
    /// From the call until enough members had stored it; nil when they did not in time.
    public var stored: Duration?
}

extension NodeEngine {
    /// How long a node with multicast DNS waits for somebody to be found, when nobody else is left to answer.
    static let discoveryGrace = TimeAmount.seconds(2)

    /// Publishes operations that the store holds, and waits for receipts of `count` members, and until so
    /// many hold the files of messages among them; until the deadline or until nobody is left who could
    /// answer.
    func publish(
        _ ids: [OperationID], in space: SpaceID, waitingFor count: Int, deadline: NIODeadline
    ) -> EventLoopFuture<Publication> {
        let start = NIODeadline.now()
        guard let context = self.space(space) else {
            return self.eventLoop.makeSucceededFuture(Publication(storedBy: [:], hasOtherMembers: false))
        }
        self.membersChanged(in: context)
        var publication = Publication(storedBy: [:], hasOtherMembers: !context.members.isEmpty)
        for id in ids { self.receipts.begin(id, storedBy: (try? self.store.receiptPeers(of: id)) ?? []) }
        let needed = context.members.isEmpty ? 0 : count
        self.publishToMesh(ids, in: context)
        var offered: Set<PeerID> = []
        func elapsed() -> Duration { .nanoseconds((NIODeadline.now() - start).nanoseconds) }
        // What cannot be read now is waited for by nobody.
        let files = ids.compactMap { id in (try? self.store.files(of: id)).map { (id, $0.files) } }
            .filter { !$0.1.isEmpty }
        func isStored() -> Bool {
            ids.allSatisfy { self.receipts.count(of: $0) >= needed }
                && files.allSatisfy { self.files.holderCount(of: $0.1, in: context) >= needed }
        }
        func mayBeTaken() -> Bool {
            needed > 0 && files.contains { self.files.mayStillBeTaken($0.1, in: context) }
        }
        let grace = self.configuration.usesMulticastDNS && needed > 0 ? start + Self.discoveryGrace : start
        let graceTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: grace) { self.progressed() }
        return self.wait(until: deadline) { [unowned self] in
            self.offer(ids, in: context, to: &offered)
            if publication.connect == nil, context.hadSession { publication.connect = elapsed() }
            if publication.publish == nil, context.unsent.isEmpty { publication.publish = elapsed() }
            if publication.stored == nil, isStored() { publication.stored = elapsed() }
            let settled = self.dialsAreSettled && self.subscriptionsAreKnown
            if isStored() {
                // Who is in the middle of a file gets the rest of it.
                let isServing = needed > 0 && !files.isEmpty && !self.files.services.isEmpty
                return self.subscriptionsAreKnown && (needed > 0 || settled) && !isServing
            }
            let nobodyLeft =
                settled && self.unsettledSessions == 0 && self.receiptsInFlight == 0
                && !self.mayStillAnswer(ids, in: context) && !mayBeTaken()
            return nobodyLeft && NIODeadline.now() >= grace
        }.flatMap { [self] _ in
            graceTimer.cancel()
            return self.gossip.flush()
        }.map { [self] in
            for id in ids { publication.storedBy[id] = self.receipts.count(of: id) }
            for (id, files) in files {
                publication.heldBy[id] = self.files.holderCount(of: files, in: context)
            }
            return publication
        }.flatMap { [self] publication in
            if needed > 0 {
                self.recordAttempt(
                    ids.filter { publication.storedBy[$0] == 0 },
                    reachedSomebody: publication.connect != nil)
            }
            return self.pipeline.drain().map { publication }
        }
    }

    /// Counts an attempt at carrying operations that nobody stored, so that `outbox list` says why they are
    /// there.
    private func recordAttempt(_ ids: [OperationID], reachedSomebody: Bool) {
        guard !ids.isEmpty else { return }
        let store = self.store
        let now = self.configuration.wallTime()
        let error = reachedSomebody ? "no member stored it before the deadline" : "no member was reached"
        self.pipeline.write { try store.recordAttempt(ids, error: error, at: now) }
    }

    /// Brings operations to every connected member once: over its open session, or over a new one when the
    /// last has ended. A session that is still at work may have begun without them, and is looked at again
    /// when it is done.
    private func offer(_ ids: [OperationID], in context: SpaceContext, to offered: inout Set<PeerID>) {
        for connection in self.host.connections
        where context.members.contains(connection.peer) && !offered.contains(connection.peer) {
            let sessions = context.sessions.filter { $0.peer == connection.peer && !$0.isOver }
            if let open = sessions.first(where: \.isOpen) {
                offered.insert(connection.peer)
                open.push(ids)
            } else if sessions.isEmpty {
                offered.insert(connection.peer)
                if ids.contains(where: { !self.receipts.has($0, from: connection.peer) }) {
                    self.openSession(context, over: connection)
                }
            }
        }
    }

    /// Whether a member with an open session has not answered for these operations.
    private func mayStillAnswer(_ ids: [OperationID], in context: SpaceContext) -> Bool {
        context.sessions.contains { session in
            !session.isOver && ids.contains { !self.receipts.has($0, from: session.peer) }
        }
    }

    // MARK: - Reconciling

    /// Reconciles a space, or all, with every member that answers before the deadline.
    ///
    /// A one-shot node opens a session with everybody whom it meets, and those may have ended before this is
    /// called: the first call counts them, unless it was `handedOver` by a process that wrote meanwhile.
    ///
    /// Fails with the database's error when something that came could not be stored.
    func reconcile(
        _ space: SpaceID?, deadline: NIODeadline, handedOver: Bool = false
    ) -> EventLoopFuture<[SyncReport]> {
        let opensSessions =
            self.configuration.presence == .longLived || handedOver || self.hasReconciled
        let first = opensSessions ? self.finishedSessions.count : 0
        self.hasReconciled = true
        if opensSessions { self.storingFailure = nil }
        let contexts = self.spaces.filter { space == nil || $0.id == space }
        if opensSessions {
            self.dialKnownPeers()
            for context in contexts {
                for connection in self.host.connections where context.members.contains(connection.peer) {
                    self.openSession(context, over: connection, stays: false)
                }
            }
        }
        let start = NIODeadline.now()
        let hasMembers = contexts.contains { !$0.members.isEmpty }
        let grace = self.configuration.usesMulticastDNS && hasMembers ? start + Self.discoveryGrace : start
        let graceTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: grace) { self.progressed() }
        return self.wait(until: deadline) { [unowned self] in
            guard self.dialsAreSettled, self.unsettledSessions == 0 else { return false }
            let answered = self.finishedSessions.count > first
            return answered || NIODeadline.now() >= grace
        }.flatMap { [self] _ in
            graceTimer.cancel()
            // What sessions received is stored before they say that they are reconciled; receipts are written
            // here.
            return self.pipeline.drain()
        }.flatMap { [self] in
            for context in contexts where !context.members.isEmpty {
                // What cannot be read now is counted by the next attempt.
                let left = (try? self.store.outboxIDs(of: context.id)) ?? []
                self.recordAttempt(
                    left,
                    reachedSomebody: self.finishedSessions[first...].contains { $0.space == context.id.hex })
            }
            return self.pipeline.drain()
        }.flatMapThrowing { [self] in
            if let error = self.storingFailure { throw error }
            return self.finishedSessions[first...].filter { report in
                contexts.contains { $0.id.hex == report.space }
            }
        }
    }
}
