import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

/// One end of a stream under test: the session, and a driver that stores at once.
struct End: ~Copyable {
    var session: SyncSession
    var storage: MemoryStorage?
    var directory: MemoryDirectory?
    var author: Author
    var events: [String] = []
    var receipts: [OperationID] = []
    var stored: [OperationID] = []
    var records: [PeerID] = []
    var report: SyncReport?
    var failure: SyncFailure?
    var refusal: SyncRefusal?
    var wantsFinish = false
    var hasFinished = false
    var refusesAdmission: JoinVerdict?
    var ticket: (OperationID, Ed25519.PrivateKey)?
    var bytes: [UInt8] = []

    init(
        session: consuming SyncSession, storage: MemoryStorage?, directory: MemoryDirectory? = nil,
        author: Author
    ) {
        self.session = session
        self.storage = storage
        self.directory = directory
        self.author = author
    }

    /// Does what the session asks until it asks nothing more.
    mutating func handle(_ events: [SyncSession.Event]) {
        var queue = events[...]
        while let event = queue.popFirst() {
            var more: [SyncSession.Event] = []
            switch event {
            case .opened(let space, let joining):
                self.storage = self.directory?.storages.first { $0.space == space }
                self.events.append(joining ? "opened joining" : "opened")
            case .accepted: self.events.append("accepted")
            case .store(let operations):
                do throws(OperationFailure) {
                    for operation in operations {
                        self.storage!.insert(try operation.verified())
                        self.stored.append(operation.id)
                    }
                    self.session.stored(durable: operations.map(\.id), into: &more)
                } catch {
                    self.session.rejected(error, into: &more)
                }
            case .joinNeeded:
                self.events.append("joinNeeded")
                var body = MemberJoin()
                if let (invite, key) = self.ticket {
                    body = MemberJoin(
                        invite: invite,
                        signature: JoinProof.forOperation(
                            space: self.storage!.space, invite: invite, joiner: self.author.publicKey, by: key
                        ))
                }
                self.author.space = self.storage!.space
                let join = self.author.authority(body, links: [self.storage!.space])
                self.storage!.insert(join)
                self.session.joined(join, into: &more)
            case .admit(let join):
                self.events.append("admit")
                if let verdict = self.refusesAdmission {
                    self.session.admissionRefused(verdict, into: &more)
                } else {
                    self.storage!.insert(join)
                    let admit = self.author.authority(
                        MemberAdmit(join: join.id, member: join.author), links: [join.id])
                    self.storage!.insert(admit)
                    self.session.admitted(admit, into: &more)
                }
            case .admitted: self.events.append("admitted")
            case .receipts(let ids): self.receipts += ids
            case .record(let record, _): self.records.append(record.peer)
            case .reconciled: self.events.append("reconciled")
            case .stoppedShort: self.events.append("stoppedShort")
            case .finish: self.wantsFinish = true
            case .ended(let report):
                self.events.append("ended")
                self.report = report
            case .refused(let refusal): self.refusal = refusal
            case .failed(let failure): self.failure = failure
            }
            queue.append(contentsOf: more)
        }
    }
}

/// Two ends and a stream between them.
struct Pair: ~Copyable {
    var initiator: End
    var responder: End
    /// Bytes that are handed over at once.
    var chunk = 65_536
    /// Bytes that arrive before the stream is cut.
    var cutAfter = Int.max
    var moved = 0
    /// Flights: changes of direction, starting with the initiator's.
    var flights = 0

    init(initiator: consuming End, responder: consuming End) {
        self.initiator = initiator
        self.responder = responder
    }

    mutating func start() {
        var events: [SyncSession.Event] = []
        self.initiator.session.start(into: &events)
        self.initiator.handle(events)
    }

    /// Runs until neither side has anything to say.
    mutating func run() {
        while self.moved < self.cutAfter {
            let budget = self.cutAfter - self.moved
            let first = Self.moveAll(
                &self.initiator, &self.responder, chunk: self.chunk, budget: budget, moved: &self.moved,
                flights: &self.flights)
            let second = Self.moveAll(
                &self.responder, &self.initiator, chunk: self.chunk,
                budget: max(0, self.cutAfter - self.moved),
                moved: &self.moved, flights: &self.flights)
            if !first && !second { return }
        }
    }

    private static func moveAll(
        _ from: inout End, _ to: inout End, chunk: Int, budget: Int, moved: inout Int, flights: inout Int
    ) -> Bool {
        var flight: [UInt8] = []
        while from.session.hasOutbound, flight.count < budget {
            from.session.takeOutbound(into: &flight, maxBytes: min(16_384, budget - flight.count))
        }
        from.bytes += flight
        moved += flight.count
        if !flight.isEmpty { flights += 1 }
        var index = 0
        while index < flight.count {
            let end = min(index + chunk, flight.count)
            var events: [SyncSession.Event] = []
            to.session.received(flight[index..<end], into: &events)
            to.handle(events)
            index = end
        }
        guard from.wantsFinish, !from.hasFinished, !from.session.hasOutbound else { return !flight.isEmpty }
        from.hasFinished = true
        var events: [SyncSession.Event] = []
        to.session.remoteDidFinish(into: &events)
        to.handle(events)
        return true
    }
}

/// Two members of a space, and operations to spread over them.
struct World {
    var alice = Author(seed: 100)
    var bob = Author(seed: 200)
    var common: [Operation] = []
    let channel: ChannelID
    let aliceStorage: MemoryStorage
    let bobStorage: MemoryStorage
    let hash = [UInt8](repeating: 9, count: 32)

    init(isPublic: Bool = false) {
        let genesis = self.alice.genesis(isPublic: isPublic)
        let channel = self.alice.authority(ChannelCreate(name: "general"))
        self.channel = channel.id
        self.bob.space = genesis.id
        let join = self.bob.authority(MemberJoin(), links: [channel.id])
        let admit = self.alice.authority(
            MemberAdmit(join: join.id, member: self.bob.publicKey), links: [join.id])
        self.common = [genesis, channel, join, admit]
        self.aliceStorage = MemoryStorage(space: genesis.id, localKey: self.alice.publicKey)
        self.bobStorage = MemoryStorage(space: genesis.id, localKey: self.bob.publicKey)
        for operation in self.common {
            self.aliceStorage.insert(operation)
            self.bobStorage.insert(operation)
        }
    }

    /// Bob opens a session with Alice.
    func pair(
        purpose: SyncSession.Purpose = .reconcile, pushing: [OperationID] = [], asking: [OperationID] = [],
        stays: Bool = false, initiator: Author? = nil, storage: MemoryStorage? = nil,
        directory: MemoryDirectory? = nil
    ) -> Pair {
        let initiator = initiator ?? self.bob
        let storage = storage ?? self.bobStorage
        let directory = directory ?? MemoryDirectory(storages: [self.aliceStorage])
        let now = WallTime(milliseconds: 1_700_000_000_000)
        return Pair(
            initiator: End(
                session: SyncSession(
                    initiating: storage, purpose: purpose, localKey: initiator.publicKey,
                    remoteKey: self.alice.publicKey, nonce: [UInt8](repeating: 5, count: 32),
                    pushing: pushing,
                    asking: asking, stays: stays, now: now),
                storage: storage, author: initiator),
            responder: End(
                session: SyncSession(
                    responding: directory, localKey: self.alice.publicKey, remoteKey: initiator.publicKey,
                    handshakeHash: self.hash, stays: stays, now: now),
                storage: nil, directory: directory, author: self.alice))
    }

    mutating func message(_ text: String) -> Operation {
        self.alice.content(MessagePost(text: text), links: [], channel: self.channel)
    }
}
