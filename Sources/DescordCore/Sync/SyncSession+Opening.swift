import DescordCrypto
import LibP2PCore

// MARK: - Opening, hello, joining

extension SyncSession {
    /// The domain of the blinded space in an opening.
    static let domain = "descord-sync-v1"

    /// Returns SHA-256("descord-sync-v1" ‖ space ‖ initiator ‖ responder ‖ nonce), keys as 32 bytes each.
    static func blinded(
        _ space: SpaceID, initiator: Ed25519.PublicKey, responder: Ed25519.PublicKey, nonce: [UInt8]
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update(Array(self.domain.utf8))
        hash.update(space.bytes)
        hash.update(initiator.bytes)
        hash.update(responder.bytes)
        hash.update(nonce)
        return hash.finalize()
    }

    private var isJoining: Bool {
        switch self.purpose {
        case .join, .joinPublic: true
        case .reconcile, .push: false
        }
    }

    /// Makes the initiator's first flight: the opening and, when the responder is known as a member, the
    /// hello and the operations to push.
    public mutating func start(into events: inout [Event]) {
        guard self.role == .initiator, let storage = self.storage else { return }
        var opening = PBSyncOpening()
        opening.nonce = .init(octets: self.nonce)
        opening.blinded = .init(
            octets: Self.blinded(
                storage.space, initiator: self.localKey, responder: self.remoteKey, nonce: self.nonce))
        switch self.purpose {
        case .join(let invite, let proof):
            opening.joining = true
            opening.invite = .init(octets: invite.bytes)
            opening.proof = .init(octets: proof)
        case .joinPublic: opening.joining = true
        case .reconcile, .push:
            var size = 0
            for admission in storage.introduction().prefix(SyncLimits.maxIntroductionCount) {
                let encoded = admission.encoded
                size += encoded.count
                if size > SyncLimits.maxRecordsSize { break }
                opening.introduction.append(.init(octets: encoded))
            }
        }
        let isOptimistic = !self.isJoining && storage.isMember(self.remoteKey)
        if isOptimistic { opening.helloFollows = true }
        self.enqueue(.opening(opening))
        if isOptimistic { self.sendHello() }
    }

    /// Sends the initiator's hello with what it pushes and asks.
    private mutating func sendHello() {
        guard let storage = self.storage else { return }
        self.sentHello = true
        self.awaited = Set(storage.awaitingReceipts(from: self.remoteKey))
        var size = 0
        var pushed: [Operation] = []
        for id in Self.parentsFirst(self.pushes, in: storage).prefix(SyncLimits.maxPushCount) {
            guard let operation = storage.operation(id) else { continue }
            size += operation.encodedSize
            if size > SyncLimits.maxPushSize, !pushed.isEmpty { break }
            pushed.append(operation)
        }
        var hello = self.hello(wantsSummary: self.wantsReconciliation)
        hello.methods = self.offered.map(\.rawValue)
        hello.pushed = UInt32(pushed.count)
        hello.reconcile = self.wantsReconciliation
        var asked = self.asks
        if !self.wantsReconciliation {
            // A reconciliation shows what the peer has; without one, it is asked.
            asked += self.awaited.subtracting(pushed.map(\.id)).subtracting(asked).sorted()
        }
        self.awaited.formUnion(asked)
        self.awaited.formUnion(pushed.map(\.id))
        // What is asked goes before the hello, so that the answer can follow the responder's hello at once.
        if !asked.isEmpty { self.enqueue(ids: Array(asked.prefix(SyncLimits.maxAskCount))) { .ask($0) } }
        self.enqueue(.hello(hello))
        self.sendQueue.append(contentsOf: pushed.map(\.id))
    }

    private var wantsReconciliation: Bool {
        if case .push = self.purpose { return false }
        return true
    }

    /// Makes a hello with what both roles say.
    private mutating func hello(wantsSummary: Bool) -> PBSyncHello {
        var hello = PBSyncHello()
        if self.stays { hello.stay = true }
        guard wantsSummary, let storage = self.storage else { return hello }
        let summary = storage.summary()
        self.sentSummary = summary
        hello.count = summary.count
        hello.fingerprint = .init(octets: summary.fingerprint)
        hello.headsHash = .init(octets: summary.headsHash)
        hello.recordsHash = .init(octets: Self.recordsHash(storage.memberRecords()))
        return hello
    }

    /// SHA-256 over peer id and sequence (8 bytes, big-endian) of each record, in the order of peers.
    static func recordsHash(_ records: [SyncRecord]) -> [UInt8] {
        var hash = SHA256()
        for record in records {
            hash.update(record.peer.bytes)
            hash.update((0..<8).map { UInt8(truncatingIfNeeded: record.sequence >> (56 - 8 * $0)) })
        }
        return hash.finalize()
    }

    // MARK: Responder

    /// Decides about an opening; every reason to refuse has the same answer, except to who proved to hold a
    /// ticket.
    mutating func openingReceived(_ opening: PBSyncOpening, into events: inout [Event]) {
        guard opening.nonce.count == 32, opening.blinded.count == SHA256.size,
            opening.introduction.count <= SyncLimits.maxIntroductionCount, let directory = self.directory
        else { return self.fail(.malformed, into: &events) }
        let blinded = opening.blinded.octets
        let nonce = opening.nonce.octets
        let space = directory.spaces().first {
            Self.blinded($0, initiator: self.remoteKey, responder: self.localKey, nonce: nonce) == blinded
        }
        guard let space, let storage = directory.storage(of: space) else { return self.refuse(into: &events) }
        if storage.isMember(self.remoteKey) {
            return self.letIn(storage, helloFollows: opening.helloFollows, into: &events)
        }
        if opening.joining { return self.joinRequested(opening, storage, into: &events) }
        // Bad ones show nothing.
        let admissions = opening.introduction.compactMap { try? Operation(verifying: $0.octets) }
        guard !admissions.isEmpty, admissions.count == opening.introduction.count,
            admissions.allSatisfy({ $0.space == space && $0.kind == .memberAdmit }),
            storage.acceptsIntroduction(of: self.remoteKey, by: admissions)
        else { return self.refuse(into: &events) }
        self.letIn(storage, helloFollows: opening.helloFollows, into: &events)
    }

    private mutating func letIn(
        _ storage: any SyncStorage, helloFollows: Bool, into events: inout [Event]
    ) {
        self.storage = storage
        self.stage = .greeting
        if !helloFollows { self.enqueue(.hello(PBSyncHello())) }
        events.append(.opened(space: storage.space, joining: false))
    }

    private mutating func joinRequested(
        _ opening: PBSyncOpening, _ storage: any SyncStorage, into events: inout [Event]
    ) {
        var inviteID: OperationID?
        if opening.hasInvite {
            guard let id = OperationID(bytes: opening.invite.octets), let invite = storage.invite(id),
                JoinProof.isValid(
                    opening.proof.octets, space: storage.space, invite: id, joiner: self.remoteKey,
                    handshakeHash: self.handshakeHash, key: invite.publicKey)
            else { return self.refuse(into: &events) }
            inviteID = id
            self.joinInvite = invite
        } else if !storage.isPublic {
            return self.refuse(into: &events)
        }
        switch storage.joinVerdict(invite: inviteID, joiner: self.remoteKey, now: self.now) {
        case .unknown: self.refuse(into: &events)
        case .expired: self.refuse(.expired, into: &events)
        case .usedUp: self.refuse(.usedUp, into: &events)
        case .revoked: self.refuse(.revoked, into: &events)
        case .banned: self.refuse(.banned, into: &events)
        case .alreadyMember: self.letIn(storage, helloFollows: false, into: &events)
        case .allowed:
            self.storage = storage
            self.joinInviteID = inviteID
            self.stage = .joining
            var hello = PBSyncHello()
            hello.joining = true
            self.enqueue(.hello(hello))
            let ids = storage.ids()
            let entries = storage.entries(ids)
            self.send(ids.filter { entries[$0]?.operationClass == .authority })
            self.owesDone = true
            events.append(.opened(space: storage.space, joining: true))
        }
    }

    /// The one-byte answer to a space that we don't hold, to a stranger and to a wrong proof: an empty frame.
    private mutating func refuse(into events: inout [Event]) {
        self.outbox.append(0)
        self.stage = .closed
        events.append(.finish)
    }

    /// Tells who proved to hold a ticket why it does not let anybody in.
    mutating func refuse(_ reason: PBSyncRefusal.Reason, into events: inout [Event]) {
        var refusal = PBSyncRefusal()
        refusal.reason = reason
        self.enqueue(.refusal(refusal))
        self.stage = .closed
        events.append(.finish)
    }

    /// Takes the newcomer's `member join`, which is all that it may send.
    mutating func joinReceived(_ operation: Operation, into events: inout [Event]) {
        guard operation.kind == .memberJoin, operation.author == self.remoteKey, self.joinOperation == nil,
            let join = operation.payload(MemberJoin.self), join.invite == self.joinInviteID
        else { return self.fail(.unexpected, into: &events) }
        if let invite = self.joinInvite {
            guard JoinProof.isValid(operation, key: invite.publicKey) else {
                return self.fail(.badOperation(.badSignature), into: &events)
            }
        }
        self.joinOperation = operation.id
        self.stage = .admitting
        events.append(.admit(operation))
    }

    /// Answers `.admit`: join and admission are durable.
    public mutating func admitted(_ admission: Operation, into events: inout [Event]) {
        guard self.role == .responder, self.stage == .admitting else { return }
        self.sendQueue.append(admission.id)
        self.stage = .greeting
        self.owesDone = false
        self.sentDone = false
        self.process(into: &events)
    }

    /// Answers `.admit`: the newcomer may not come in after all.
    public mutating func admissionRefused(_ verdict: JoinVerdict, into events: inout [Event]) {
        guard self.role == .responder, self.stage == .admitting else { return }
        switch verdict {
        case .expired: self.refuse(.expired, into: &events)
        case .usedUp: self.refuse(.usedUp, into: &events)
        case .banned: self.refuse(.banned, into: &events)
        case .revoked, .unknown, .allowed, .alreadyMember: self.refuse(.revoked, into: &events)
        }
    }

    /// Answers what was asked by an initiator's hello, once everything that it pushed is stored.
    mutating func answerHello(into events: inout [Event]) {
        guard let peer = self.peerHello, let storage = self.storage else { return }
        self.awaited = Set(storage.awaitingReceipts(from: self.remoteKey))
        self.staysOpen = self.stays && peer.stay
        var hello = self.hello(wantsSummary: peer.reconcile)
        let method = self.chooseMethod(for: peer)
        self.method = method
        hello.method = method.rawValue
        self.enqueue(.hello(hello))
        if peer.reconcile { self.exchangeRecords(with: peer) }
        switch method {
        case .equal:
            self.report.wasEqual = true
            self.receiptsReceived(self.awaited.sorted(), into: &events)
            self.reconciled(into: &events)
        case .nothing:
            self.askForReceipts()
            self.reconciled(into: &events)
        case .ids:
            self.stage = .reconciling
            self.askForReceipts()
            self.enqueue(ids: storage.ids()) { .ids($0) }
        case .ancestors:
            self.stage = .reconciling
            self.askForReceipts()
            self.enqueue(ids: storage.heads()) { .ids($0) }
        case .negentropy:
            self.stage = .reconciling
            self.askForReceipts()
            self.answerByNegentropy()
        }
    }

    private mutating func askForReceipts() {
        guard !self.awaited.isEmpty else { return }
        self.enqueue(ids: Array(self.awaited.sorted().prefix(SyncLimits.maxAskCount))) { .ask($0) }
    }

    private func chooseMethod(for peer: SyncHello) -> SyncMethod {
        guard peer.reconcile, let theirs = peer.summary, let ours = self.sentSummary else { return .nothing }
        return SyncMethod.choice(offered: peer.methods, theirs: theirs, ours: ours)
    }

    // MARK: Initiator

    /// Takes the responder's hello: bare, for a newcomer, or with the method that it chose.
    mutating func helloReceived(_ hello: SyncHello, into events: inout [Event]) {
        self.report.roundTrips += 1
        if hello.joining {
            guard self.isJoining, !self.sentHello, self.admission == nil else {
                return self.fail(.unexpected, into: &events)
            }
            self.stage = .joining
            events.append(.accepted)
            return
        }
        guard self.sentHello else {
            guard hello.method == nil else { return self.fail(.unexpected, into: &events) }
            events.append(.accepted)
            self.sendHello()
            return
        }
        guard let method = hello.method else { return self.fail(.unexpected, into: &events) }
        self.peerHello = hello
        self.method = method
        self.staysOpen = self.stays && hello.stay
        if self.report.roundTrips == 1 { events.append(.accepted) }
        if self.wantsReconciliation { self.exchangeRecords(with: hello) }
        switch method {
        case .equal:
            guard let ours = self.sentSummary, ours == hello.summary else {
                return self.fail(.falseEquality, into: &events)
            }
            self.report.wasEqual = true
            self.receiptsReceived(self.awaited.sorted(), into: &events)
            self.reconciled(into: &events)
        case .nothing:
            self.reconciled(into: &events)
        case .ids, .ancestors, .negentropy:
            guard self.wantsReconciliation else { return self.fail(.unexpected, into: &events) }
            self.stage = .reconciling
            if method == .negentropy { self.compareByNegentropy() }
            if method == .ancestors, let storage = self.storage {
                self.enqueue(ids: storage.heads()) { .ids($0) }
            }
        }
    }

    /// Answers `.joinNeeded` with the operation that was written and stored.
    public mutating func joined(_ operation: Operation, into events: inout [Event]) {
        guard self.role == .initiator, self.stage == .admitting, self.joinOperation == nil else { return }
        self.joinOperation = operation.id
        self.pieces.append(contentsOf: FrameDecoder.frame(operation.encoded))
        self.report.sent += 1
        self.process(into: &events)
    }

    /// After the admission is stored: we are a member and go on as one.
    mutating func admissionStored(into events: inout [Event]) {
        events.append(.admitted)
        self.gotDone = false
        self.stage = .greeting
        self.sendHello()
    }
}
