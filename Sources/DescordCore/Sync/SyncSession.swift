import DescordCrypto
import LibP2PCore

/// One stream of `/descord/sync/1.0.0`, either role: bytes in, bytes out.
///
/// ```
/// initiator  opening ─► (hello, pushed operations) ─► greeting ─► reconciling ─► settled
///            opening with a ticket ─► joining ─► (member join) ─► admitted ─► hello ─► as above
/// responder  opening ─► greeting ─► (store what was pushed) ─► reconciling ─► settled
///            opening with a ticket ─► joining ─► (admit) ─► greeting ─► as above
/// ```
/// Confined to its driver, which stores what `.store` hands over and says so by `stored`, half-closes after
/// `.finish` once `takeOutbound` gave everything, and resets the stream after `.failed`.
public struct SyncSession: ~Copyable {
    /// What the initiator wants.
    public enum Purpose: Sendable {
        /// Find and exchange every difference.
        case reconcile
        /// Hand over operations and receive their receipts, no more.
        case push
        /// Become a member with a ticket, then reconcile.
        case join(invite: OperationID, proof: [UInt8])
        /// Become a member of a public space, then reconcile.
        case joinPublic
    }

    /// What the driver has to do or know.
    public enum Event: Sendable {
        /// Responder: the initiator was let in to this space, or is about to join it.
        case opened(space: SpaceID, joining: Bool)
        /// Initiator: the responder let us in.
        case accepted
        /// Verify and store these and answer with `stored`, in the same order, or with `rejected`; at most
        /// 256.
        case store([UnverifiedOperation])
        /// Initiator: all authority operations are stored; write a `member join` and answer with `joined`.
        case joinNeeded
        /// Responder: store this `member join` and write a `member admit`, or find that it may not be; answer
        /// with `admitted` or `admissionRefused`.
        case admit(Operation)
        /// Initiator: we are a member now; reconciliation follows.
        case admitted
        /// The peer stored these operations of ours durably.
        case receipts([OperationID])
        /// A member's newer record of its addresses; its signature is good.
        case record(SyncRecord, PeerRecord)
        /// Both sides have, or are about to have, everything. Once.
        case reconciled
        /// What was found was exchanged, but there may be more: see `SyncReport.isComplete`. Once, instead of
        /// `reconciled`.
        case stoppedShort
        /// Half-close when nothing is outbound any more.
        case finish
        /// The peer has finished too, and nothing is open: the whole session was good.
        case ended(SyncReport)
        /// Initiator: the responder did not let us in; the stream is of no further use.
        case refused(SyncRefusal)
        /// Reset the stream; count it against the peer when it is misbehaviour.
        case failed(SyncFailure)
    }

    enum Role { case initiator, responder }

    enum Stage {
        /// Responder: the opening has not come.
        case opening
        /// Initiator: nothing was heard from the responder. Responder: it was let in, its hello has not come.
        case greeting
        /// Responder: the hello came, pushed operations are not all stored.
        case storingPush
        /// Authority operations go to the newcomer.
        case joining
        /// The newcomer's `member join` is being written, stored and answered.
        case admitting
        /// Differences are being found and exchanged.
        case reconciling
        /// Everything was exchanged.
        case settled
        /// Nothing is read any more.
        case closed
    }

    let role: Role
    let purpose: Purpose
    let localKey: Ed25519.PublicKey
    let remoteKey: Ed25519.PublicKey
    let handshakeHash: [UInt8]
    let now: WallTime
    let directory: (any SyncDirectory)?
    let stays: Bool
    let nonce: [UInt8]

    var storage: (any SyncStorage)?
    var stage: Stage
    /// What the session moved so far.
    public internal(set) var report = SyncReport()

    /// An operation that was read and is not known to be durable.
    struct Unstored {
        var size: Int
        var owesReceipt: Bool
        var links: [OperationID]
    }

    // Input
    var frames = FrameDecoder(maxFrameSize: SyncLimits.maxFrameSize)
    var operations = FrameDecoder(maxFrameSize: Operation.maxEncodedSize)
    var batch: [UnverifiedOperation] = []
    /// Operations handed to the driver and not answered.
    var unstored: [OperationID: Unstored] = [:]
    var unstoredSize = 0
    var remoteFinished = false

    /// Records of those who are no members by what is here yet, at most one frame of them.
    var unknownRecords: [(SyncRecord, PeerRecord)] = []

    // Output
    var outbox: [UInt8] = []
    var outboxTaken = 0
    var sendQueue: [OperationID] = []
    var sendIndex = 0
    var pieces: [UInt8] = []
    var owesDone = false
    var sentDone = false

    // Greeting
    var sentHello = false
    var sentSummary: SyncSummary?
    var peerHello: SyncHello?
    var pushRemaining = 0
    var pushes: [OperationID]
    let asks: [OperationID]
    var method: SyncMethod?
    var staysOpen = false
    var leaves = false

    // Reconciliation
    var peerIDs: [OperationID] = []
    var peerIDsComplete = false
    /// What the peer wants and was not put into the queue.
    var wantedIDs: [OperationID] = []
    var wantedOfUs = 0
    /// What the peer wanted so far: a second wish is passed over, so that 32 bytes never buy a megabyte
    /// twice.
    var wantedBefore: Set<OperationID> = []
    var wantedOfThem = 0
    var peerWantsComplete = false
    var outstanding: Set<OperationID> = []
    var sentLastWant = false
    var gotDone = false
    var saidReconciled = false
    var saidFinish = false
    var gotRecords = false

    /// Methods that our hello offers.
    var offered: [SyncMethod] = [.ids, .ancestors, .negentropy]

    // Negentropy
    /// What the initiator compares by, until it knows what differs.
    var comparison: NegentropyInitiator?
    /// What the responder answers from, until it knows what is wanted.
    var answers: Negentropy?
    /// Messages sent by the initiator.
    var negentropyCount = 0

    // Receipts
    /// Our own operations for which a receipt of this peer counts.
    var awaited: Set<OperationID> = []
    var askedOfUs: Set<OperationID> = []
    var pendingReceipts: [OperationID] = []

    // Joining
    var joinInvite: InviteCreate?
    var joinInviteID: OperationID?
    var joinOperation: OperationID?
    var admission: OperationID?

    /// Begins a session with a responder; `start` makes the first bytes.
    ///
    /// `nonce` is 32 unpredictable bytes. `pushing` and `asking` are operations of the set, our own: pushed
    /// ones go with the first flight when the responder is known as a member, for the others only the receipt
    /// is asked.
    public init(
        initiating storage: any SyncStorage, purpose: Purpose, localKey: Ed25519.PublicKey,
        remoteKey: Ed25519.PublicKey, nonce: [UInt8], pushing: [OperationID] = [], asking: [OperationID] = [],
        stays: Bool = false, now: WallTime
    ) {
        precondition(nonce.count == 32, "a nonce of 32 bytes")
        self.role = .initiator
        self.purpose = purpose
        self.localKey = localKey
        self.remoteKey = remoteKey
        self.handshakeHash = []
        self.now = now
        self.directory = nil
        self.stays = stays
        self.nonce = nonce
        self.storage = storage
        self.stage = .greeting
        self.pushes = pushing
        self.asks = asking
    }

    /// Answers an initiator; `handshakeHash` is the Noise handshake hash of the connection.
    public init(
        responding directory: any SyncDirectory, localKey: Ed25519.PublicKey, remoteKey: Ed25519.PublicKey,
        handshakeHash: [UInt8], stays: Bool = false, now: WallTime
    ) {
        self.role = .responder
        self.purpose = .reconcile
        self.localKey = localKey
        self.remoteKey = remoteKey
        self.handshakeHash = handshakeHash
        self.now = now
        self.directory = directory
        self.stays = stays
        self.nonce = []
        self.storage = nil
        self.stage = .opening
        self.pushes = []
        self.asks = []
    }

    /// The space, once it is known.
    public var space: SpaceID? { self.storage?.space }

    /// Whether the driver should go on reading from the stream: enough was read that is not stored yet
    /// otherwise.
    public var wantsInput: Bool {
        self.unstored.count < SyncLimits.maxUnstoredCount && self.unstoredSize < SyncLimits.maxUnstoredSize
    }

    /// Takes bytes that arrived.
    public mutating func received(_ bytes: some Collection<UInt8>, into events: inout [Event]) {
        guard self.stage != .closed else { return }
        self.report.bytesReceived += bytes.count
        self.frames.append(bytes)
        self.process(into: &events)
    }

    /// The peer half-closed the stream: nothing more will be received.
    public mutating func remoteDidFinish(into events: inout [Event]) {
        guard self.stage != .closed else { return }
        self.remoteFinished = true
        self.process(into: &events)
    }

    /// Answers `.store`: which operations are durable now, whether they were new or known, and which were not
    /// taken.
    public mutating func stored(
        durable: [OperationID], refused: [OperationID] = [], into events: inout [Event]
    ) {
        guard self.stage != .closed else { return }
        for id in durable {
            guard let entry = self.unstored.removeValue(forKey: id) else { continue }
            self.unstoredSize -= entry.size
            self.report.received += 1
            if self.askedOfUs.remove(id) != nil || entry.owesReceipt { self.pendingReceipts.append(id) }
            if self.outstanding.remove(id) != nil, self.method == .ancestors { self.want(entry.links) }
        }
        for id in refused {
            guard let entry = self.unstored.removeValue(forKey: id) else { continue }
            self.unstoredSize -= entry.size
            self.report.refused += 1
            self.outstanding.remove(id)
        }
        self.process(into: &events)
    }

    /// Answers `.store`: the signature of one, or its author's key, is wrong, for which the peer is to blame.
    public mutating func rejected(_ failure: OperationFailure, into events: inout [Event]) {
        self.fail(.badOperation(failure), into: &events)
    }

    /// Tells an open session of operations that became durable by another way, so that receipts go to whoever
    /// wrote them or asked.
    public mutating func committed(_ id: OperationID, author: Ed25519.PublicKey) {
        guard self.peerHello != nil, self.stage != .closed, !self.saidFinish else { return }
        if author == self.remoteKey || self.askedOfUs.remove(id) != nil { self.pendingReceipts.append(id) }
    }

    /// Whether the session is open: everything was exchanged, both sides stay, and `push` and `ask` will be
    /// heard.
    public var isOpen: Bool {
        self.stage == .settled && self.staysOpen && !self.saidFinish && !self.remoteFinished
    }

    /// Sends further operations of the set over an open session, and awaits their receipts.
    public mutating func push(_ ids: [OperationID]) {
        guard self.isOpen else { return }
        self.awaited.formUnion(ids)
        self.sendQueue.append(contentsOf: ids)
    }

    /// Asks over an open session for receipts of operations that the peer gets by another way.
    public mutating func ask(_ ids: [OperationID]) {
        guard self.isOpen else { return }
        self.awaited.formUnion(ids)
        self.enqueue(ids: ids) { .ask($0) }
    }

    /// Ends an open session in good order.
    public mutating func leave(into events: inout [Event]) {
        self.leaves = true
        self.settle(into: &events)
    }
}
