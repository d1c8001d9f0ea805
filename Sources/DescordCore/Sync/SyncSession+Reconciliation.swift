import DescordCrypto
import LibP2PCore

// MARK: - Differences, receipts, records, the end

extension SyncSession {
    /// The peer's list is whole: finds out what each side lacks.
    mutating func compare(into events: inout [Event]) {
        guard let storage = self.storage else { return }
        let theirs = self.peerIDs
        self.peerIDs = []
        let missing = theirs.filter { !storage.contains($0) }
        self.receiptsReceived(theirs.filter { self.awaited.contains($0) }, into: &events)
        switch self.method {
        case .ids:
            let known = Set(theirs)
            self.send(storage.ids().filter { !known.contains($0) })
            let wanted = storage.wanted(missing)
            self.outstanding = Set(wanted)
            self.enqueue(ids: wanted) { .want($0) }
            self.sentLastWant = true
            self.owesDone = true
            self.report.roundTrips += 1
        case .ancestors:
            self.want(missing)
        case .equal, .nothing, .negentropy, nil: break
        }
    }

    /// Fetches operations by hash (`ancestors`): heads first, then whatever they follow.
    mutating func want(_ ids: [OperationID]) {
        guard let storage = self.storage, !self.sentLastWant else { return }
        let new = storage.wanted(
            ids.filter { !self.outstanding.contains($0) && self.unstored[$0] == nil && !storage.contains($0) }
        )
        guard !new.isEmpty, self.wantedOfThem + new.count <= SyncLimits.maxIDCount else { return }
        self.wantedOfThem += new.count
        self.outstanding.formUnion(new)
        if self.role == .initiator { self.report.roundTrips += 1 }
        self.enqueue(ids: new, isLast: false) { .want($0) }
    }

    /// Queues what the peer wants, and says what is not here.
    mutating func wanted(_ ids: [OperationID]) {
        guard let storage = self.storage else { return }
        let ids = ids.filter { self.wantedBefore.insert($0).inserted }
        let lacking = ids.filter { !storage.contains($0) }
        if !lacking.isEmpty { self.enqueue(ids: lacking) { .lacking($0) } }
        self.wantedIDs.append(contentsOf: ids)
    }

    /// The peer has not what it was asked for.
    mutating func lacked(_ ids: [OperationID]) {
        let missed = ids.filter { self.outstanding.remove($0) != nil }
        self.missed(missed.count)
    }

    /// Settles what both sides still owe each other.
    mutating func advanceReconciliation(into events: inout [Event]) {
        if self.method == .ancestors {
            if !self.wantedIDs.isEmpty {
                self.send(self.wantedIDs)
                self.wantedIDs = []
            }
            if self.peerIDsComplete, self.outstanding.isEmpty, self.unstored.isEmpty, !self.sentLastWant {
                self.sentLastWant = true
                self.enqueue(ids: []) { .want($0) }
            }
        }
        if self.peerWantsComplete, !self.owesDone {
            self.send(self.newestFirst(self.wantedIDs))
            self.wantedIDs = []
            self.answers = nil
            self.owesDone = true
        }
        let wantsSettled = self.method == .ancestors ? self.sentLastWant : true
        if self.owesDone, self.gotDone, wantsSettled, self.unstored.isEmpty {
            self.missed(self.outstanding.count)
            self.outstanding = []
            self.reconciled(into: &events)
        }
    }

    /// Everything was exchanged.
    mutating func reconciled(into events: inout [Event]) {
        self.stage = .settled
        guard !self.saidReconciled else { return }
        self.saidReconciled = true
        self.takeUnknownRecords(into: &events)
        events.append(self.report.isComplete ? .reconciled : .stoppedShort)
    }

    /// Finishes what does not stay open, and notices the peer's end.
    mutating func settle(into events: inout [Event]) {
        guard self.stage != .closed else { return }
        let isSettled = self.stage == .settled
        // A responder that has nothing to reconcile finishes first: it may have asked for receipts with its
        // hello.
        let mayFinish =
            self.remoteFinished || self.leaves
            || (!self.staysOpen
                && (self.role == .responder || self.comparesSets))
        if isSettled, mayFinish, !self.saidFinish, self.unstored.isEmpty {
            self.saidFinish = true
            events.append(.finish)
        }
        guard self.remoteFinished, self.wantsInput, self.unstored.isEmpty else { return }
        if isSettled, !self.frames.isInFrame, !self.operations.isInFrame {
            self.stage = .closed
            events.append(.ended(self.report))
        } else if !self.awaitsDriver {
            self.fail(.cut, into: &events)
        }
    }

    /// Whether the method ends with a `done` of both.
    private var comparesSets: Bool {
        switch self.method {
        case .ids, .ancestors, .negentropy: true
        case .equal, .nothing, nil: false
        }
    }

    /// Whether the driver owes an answer that the end of the stream must wait for.
    private var awaitsDriver: Bool {
        switch (self.role, self.stage) {
        case (.responder, .admitting): true
        case (.initiator, .admitting): self.joinOperation == nil
        default: false
        }
    }

    // MARK: Receipts

    /// The peer has these durably: reports those that are ours and were not reported.
    mutating func receiptsReceived(_ ids: [OperationID], into events: inout [Event]) {
        let ours = ids.filter { self.awaited.remove($0) != nil }
        if !ours.isEmpty { events.append(.receipts(ours)) }
    }

    /// The peer wants receipts: for what is here at once, for the rest when it comes.
    mutating func asked(_ ids: [OperationID]) {
        guard let storage = self.storage else { return }
        for id in ids {
            if self.unstored[id] == nil, storage.contains(id) {
                if self.pendingReceipts.count < SyncLimits.maxAskedCount { self.pendingReceipts.append(id) }
            } else if self.askedOfUs.count < SyncLimits.maxAskedCount {
                self.askedOfUs.insert(id)
            }
        }
    }

    // MARK: Peer records

    /// Sends the members' records when the peer's are others.
    mutating func exchangeRecords(with peer: SyncHello) {
        guard let storage = self.storage, storage.isMember(self.remoteKey), let theirs = peer.recordsHash
        else { return }
        let records = storage.memberRecords()
        guard Self.recordsHash(records) != theirs, !records.isEmpty else { return }
        var message = PBSyncRecords()
        var size = 0
        for record in records.prefix(SyncLimits.maxRecordCount) {
            size += record.envelope.count + 4
            if size > SyncLimits.maxRecordsSize { break }
            message.envelopes.append(.init(octets: record.envelope))
        }
        self.enqueue(.records(message))
    }

    /// Takes what members say of themselves; anything else in the frame is dropped without a penalty.
    mutating func recordsReceived(_ message: PBSyncRecords, into events: inout [Event]) {
        guard let storage = self.storage, message.envelopes.count <= SyncLimits.maxRecordCount else {
            return self.fail(.malformed, into: &events)
        }
        guard !self.gotRecords else { return self.fail(.unexpected, into: &events) }
        self.gotRecords = true
        for envelope in message.envelopes {
            let bytes = envelope.octets
            guard let record = PeerRecord(envelope: bytes), let key = record.peer.ed25519,
                key != self.localKey
            else { continue }
            let kept = SyncRecord(peer: record.peer, sequence: record.sequence, envelope: bytes)
            if !self.take(kept, record, from: storage, into: &events), !self.saidReconciled {
                self.unknownRecords.append((kept, record))
            }
        }
    }

    /// Reports a record of a member, unless a newer one is here; returns whether it is a member's.
    private func take(
        _ kept: SyncRecord, _ record: PeerRecord, from storage: any SyncStorage, into events: inout [Event]
    ) -> Bool {
        guard let key = record.peer.ed25519, storage.isMember(key) else { return false }
        if storage.recordSequence(of: record.peer).map({ $0 < record.sequence }) ?? true {
            events.append(.record(kept, record))
        }
        return true
    }

    /// Looks again at the records of those who were no members when they came: the same session may have
    /// brought their admissions.
    private mutating func takeUnknownRecords(into events: inout [Event]) {
        guard let storage = self.storage else { return }
        for (kept, record) in self.unknownRecords {
            _ = self.take(kept, record, from: storage, into: &events)
        }
        self.unknownRecords = []
    }
}
