import DescordCore
import DescordCrypto
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// One end of a session over two real stores.
private struct End: ~Copyable {
    var session: SyncSession
    let store: Store
    let peer: PeerID
    var ticket: (invite: OperationID, key: Ed25519.PrivateKey)?
    var isReconciled = false
    var isAdmitted = false
    var refusal: SyncRefusal?
    var report: SyncReport?
    var wantsFinish = false

    init(session: consuming SyncSession, store: Store, peer: PeerID) {
        self.session = session
        self.store = store
        self.peer = peer
    }

    mutating func handle(_ events: [SyncSession.Event]) throws {
        var queue = events[...]
        while let event = queue.popFirst() {
            var more: [SyncSession.Event] = []
            switch event {
            case .store(let operations):
                let verified = try operations.map { try $0.verified() }
                let verdicts = try self.store.ingest(verified, from: .sync(self.peer)).verdicts
                let pairs = Array(zip(verified, verdicts))
                self.session.stored(
                    durable: pairs.filter { $0.1.isDurable }.map(\.0.id),
                    refused: pairs.filter { !$0.1.isDurable }.map(\.0.id), into: &more)
            case .joinNeeded:
                guard let space = self.session.space else { continue }
                let join = try self.store.authorJoin(
                    of: space, invite: self.ticket?.invite, ticketKey: self.ticket?.key)
                self.session.joined(join.operation, into: &more)
            case .admit(let join):
                switch try self.store.admit(join) {
                case .admitted(let admission, _): self.session.admitted(admission, into: &more)
                case .refused(let verdict): self.session.admissionRefused(verdict, into: &more)
                }
            case .admitted: self.isAdmitted = true
            case .receipts(let ids): try self.store.recordReceipts(ids, from: self.peer)
            case .record(let sync, let record): try self.store.saveRecord(record, envelope: sync.envelope)
            case .reconciled: self.isReconciled = true
            case .refused(let refusal): self.refusal = refusal
            case .finish: self.wantsFinish = true
            case .ended(let report): self.report = report
            case .failed(let failure): Issue.record("failed: \(failure)")
            case .opened, .accepted, .stoppedShort: break
            }
            queue.append(contentsOf: more)
        }
    }

    /// Hands everything outbound to the other end; returns whether there was anything.
    mutating func pump(into other: inout End) throws -> Bool {
        var moved = false
        while self.session.hasOutbound {
            var buffer: [UInt8] = []
            self.session.takeOutbound(into: &buffer, maxBytes: 65_536)
            guard !buffer.isEmpty else { break }
            moved = true
            var events: [SyncSession.Event] = []
            other.session.received(buffer, into: &events)
            try other.handle(events)
        }
        if self.wantsFinish, !self.session.hasOutbound {
            self.wantsFinish = false
            moved = true
            var events: [SyncSession.Event] = []
            other.session.remoteDidFinish(into: &events)
            try other.handle(events)
        }
        return moved
    }
}

@Suite struct SyncTests {
    private static let hash = [UInt8](repeating: 9, count: 32)

    /// Runs a session to its end, and returns what the initiator made of it.
    private func run(
        _ world: World, from initiator: Store, to responder: Store, purpose: SyncSession.Purpose = .reconcile,
        ticket: (invite: OperationID, key: Ed25519.PrivateKey)? = nil
    ) throws -> (report: SyncReport?, refusal: SyncRefusal?) {
        var left = End(
            session: SyncSession(
                initiating: try #require(initiator.syncStorage(of: world.space)), purpose: purpose,
                localKey: initiator.publicKey, remoteKey: responder.publicKey, nonce: Entropy.bytes(32),
                now: world.clock.now), store: initiator, peer: responder.peerID)
        left.ticket = ticket
        var right = End(
            session: SyncSession(
                responding: responder.syncDirectory(), localKey: responder.publicKey,
                remoteKey: initiator.publicKey, handshakeHash: Self.hash, now: world.clock.now),
            store: responder, peer: initiator.peerID)
        var events: [SyncSession.Event] = []
        left.session.start(into: &events)
        try left.handle(events)
        var isMoving = true
        while isMoving {
            let out = try left.pump(into: &right)
            let back = try right.pump(into: &left)
            isMoving = out || back
        }
        return (left.report, left.refusal)
    }

    /// The items of negentropy are the whole set, whatever its states, at the seconds of its clocks.
    @Test func itemsAreTheSetBySecondsOfItsClocks() throws {
        let world = try World()
        for index in 0..<50 {
            try world.post(world.alice, "\(index)")
            if index % 10 == 0 { world.clock.advance(by: .milliseconds(700)) }
        }
        let storage = try #require(world.alice.store.syncStorage(of: world.space))
        let items = storage.items()
        #expect(Set(items.map(\.id)) == Set(storage.ids()) && items.count == storage.ids().count)
        for item in items {
            let clock = try #require(storage.operation(item.id)).header.clock
            #expect(item.timestamp == clock.milliseconds / 1_000)
        }
        #expect(zip(items, items.dropFirst()).allSatisfy { $0.timestamp <= $1.timestamp })
        #expect(
            SetFingerprint(try NegentropyStorage(items).items.map(\.id)).value
                == storage.summary().fingerprint)
    }

    private func join(_ world: World, _ home: TestHome, expires: WallTime? = nil) throws -> SyncRefusal? {
        let (invite, key) = try world.alice.store.createInvite(in: world.space, expires: expires)
        world.clock.advance(by: .seconds(10))
        try home.store.beginJoin(world.space)
        let proof = JoinProof.forConnection(
            space: world.space, invite: invite.id, joiner: home.store.publicKey, handshakeHash: Self.hash,
            by: key)
        return try self.run(
            world, from: home.store, to: world.alice.store, purpose: .join(invite: invite.id, proof: proof),
            ticket: (invite.id, key)
        ).refusal
    }

    @Test func newcomerJoinsAndReceivesEverything() throws {
        let world = try World()
        // Content between authority operations: newcomers get the content last.
        for index in 0..<300 { try world.post(world.alice, "\(index)") }
        _ = try world.alice.store.createChannel(name: ChannelName(parsing: "second"), in: world.space)
        for index in 300..<320 { try world.post(world.alice, "\(index)") }
        #expect(try self.join(world, world.bob) == nil)
        let bob = try #require(world.bob.store.syncStorage(of: world.space))
        #expect(bob.summary() == world.alice.store.syncStorage(of: world.space)?.summary())
        #expect(try world.bob.store.messages(MessageFilter()).map(\.text) == (0..<320).map { "\($0)" })
        let details = try world.bob.store.details(of: world.space)
        #expect(details.operations.keys.sorted { $0.rawValue < $1.rawValue } == [.admitted])
        // Everything of alice's is acknowledged.
        #expect(try world.alice.store.outbox().isEmpty)
    }

    @Test func newcomerReceivesEverythingAlsoWhereOthersCameInTheMiddle() throws {
        let world = try World()
        for index in 0..<300 { try world.post(world.alice, "before \(index)") }
        #expect(try self.join(world, world.bob) == nil)
        for index in 0..<300 { try world.post(world.alice, "after \(index)") }
        _ = try self.run(world, from: world.bob.store, to: world.alice.store)
        // It follows all of alice's, and her admission of him lies between the two parts.
        try world.post(world.bob, "thanks")
        _ = try self.run(world, from: world.bob.store, to: world.alice.store)
        let carol = try TestHome(world.clock, seed: 3)
        #expect(try self.join(world, carol) == nil)
        #expect(
            try #require(carol.store.syncStorage(of: world.space)).summary()
                == world.alice.store.syncStorage(of: world.space)?.summary())
        let operations = try carol.store.details(of: world.space).operations
        #expect(operations.keys.sorted { $0.rawValue < $1.rawValue } == [.admitted])
    }

    @Test func expiredTicketIsRefusedAndLeavesNothing() throws {
        let world = try World()
        #expect(try self.join(world, world.bob, expires: world.clock.now + .seconds(5)) == .expired)
        try world.bob.store.abandonJoin(world.space)
        #expect(try world.bob.store.queue.read { try $0.integer("SELECT count(*) FROM operations") } == 0)
    }

    @Test func membersExchangeWhatEachWroteAlone() throws {
        let world = try World()
        #expect(try self.join(world, world.bob) == nil)
        for index in 0..<30 {
            try world.post(world.alice, "a\(index)")
            try world.post(world.bob, "b\(index)")
        }
        _ = try self.run(world, from: world.bob.store, to: world.alice.store)
        #expect(try world.alice.store.messages(MessageFilter()).count == 60)
        #expect(
            try world.bob.store.messages(MessageFilter()).map(\.id)
                == (try world.alice.store.messages(MessageFilter()).map(\.id)))
        #expect(try world.bob.store.outbox().isEmpty)
        let again = try self.run(world, from: world.bob.store, to: world.alice.store)
        #expect(again.report?.wasEqual == true)
    }

    @Test func strangerIsAnsweredLikeAnUnknownSpace() throws {
        let world = try World()
        try world.bob.store.beginJoin(world.space)
        #expect(try self.run(world, from: world.bob.store, to: world.alice.store).refusal == .unknown)
    }
}
