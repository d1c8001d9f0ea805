import LibP2PCore

// MARK: - The mesh and its messages
extension PeerScore {
    /// A peer was taken into a topic's mesh: also of a topic that will have parameters only later.
    mutating func grafted(_ peer: Int, _ topic: Topic, now: Instant) {
        self.change(self.place(of: peer), self.intern(topic)) { statistics, _ in statistics.graft(now: now) }
    }

    /// A peer left a topic's mesh but not us: what it failed to deliver sticks (P3b).
    mutating func pruned(_ peer: Int, _ topic: Topic, now: Instant) {
        self.change(self.place(of: peer), self.intern(topic)) { $0.prune($1) }
    }

    /// A message whose signature is good is about to be validated: whoever delivers it from now on shares its
    /// fate.
    mutating func validationStarted(_ id: MessageID, now: Instant) {
        _ = self.records.record(id, now: now)
    }

    /// A message was accepted. Its first sender is rewarded (P2, P3), and so are the peers of the mesh that
    /// sent it while it was being validated (P3).
    mutating func delivered(_ id: MessageID, _ topic: Topic, from peer: Int, now: Instant) {
        let topic = self.intern(topic)
        let sender = self.place(of: peer)
        self.count(sender, topic) { $0.addFirstDelivery($1) }
        let record = self.records.record(id, now: now)
        guard self.records.status(record) == .unknown else { return }
        self.records.setValid(record, now: now)
        let first = self.standing(peer)
        var senders = self.records.senders(record)
        while let other = self.records.next(&senders) {
            // A peer that sent it twice is not rewarded twice.
            if other == first { continue }
            self.count(self.place(ofStanding: other), topic) { $0.addMeshDelivery($1) }
        }
    }

    /// A message was dropped. What is wrong in itself is held against its sender (P4) and, when it could be
    /// told from another message by its id, against everybody who sent it.
    mutating func rejected(
        _ id: MessageID, _ topic: Topic, from peer: Int, _ reason: RejectReason, now: Instant
    ) {
        switch reason {
        case .missingSignature, .invalidSignature, .unexpectedSignature, .unexpectedAuthInfo, .selfOrigin:
            // The id proves nothing: no record is made of it.
            self.addInvalidDelivery(self.place(of: peer), self.intern(topic))
        case .blacklistedPeer, .blacklistedSource, .validationQueueFull:
            break
        case .validationThrottled: self.close(id, .throttled, now: now)
        case .validationIgnored: self.close(id, .ignored, now: now)
        case .validationFailed:
            let record = self.records.record(id, now: now)
            guard self.records.status(record) == .unknown else { return }
            let topic = self.intern(topic)
            self.addInvalidDelivery(self.place(of: peer), topic)
            var senders = self.records.senders(record)
            while let sender = self.records.next(&senders) {
                self.addInvalidDelivery(self.place(ofStanding: sender), topic)
            }
            self.records.close(record, .invalid)
        }
    }

    /// A message came once more. While it is being validated its senders wait for the verdict; afterwards it
    /// counts for them within the window of P3, or against them, or not at all.
    mutating func duplicate(_ id: MessageID, _ topic: Topic, from peer: Int, now: Instant) {
        let record = self.records.record(id, now: now)
        switch self.records.status(record) {
        case .unknown:
            _ = self.records.add(self.standing(peer), to: record)
        case .valid:
            guard self.records.add(self.standing(peer), to: record) else { return }
            let sinceVerdict = now.nanoseconds - self.records.validated(record).nanoseconds
            self.count(self.place(of: peer), self.intern(topic)) { statistics, rules in
                if sinceVerdict <= rules.meshWindow { statistics.addMeshDelivery(rules) }
            }
        case .invalid:
            self.addInvalidDelivery(self.place(of: peer), self.intern(topic))
        case .ignored, .throttled:
            break
        }
    }

    private mutating func close(_ id: MessageID, _ status: DeliveryRecords.Status, now: Instant) {
        let record = self.records.record(id, now: now)
        if self.records.status(record) == .unknown { self.records.close(record, status) }
    }

    private mutating func addInvalidDelivery(_ place: Place?, _ topic: Int) {
        self.count(place, topic) { statistics, _ in statistics.invalidDeliveries += 1 }
    }

    // MARK: Senders in records

    /// Returns what records name a peer by: the lower half of its standing number. Two peers share it only
    /// when four billion others connected in between, and records live for minutes.
    private func standing(_ peer: Int) -> UInt32 {
        let standing: Int
        if let index = self.peers.index(of: peer) {
            standing = self.peers[index].standing
        } else if let id = self.former.id(peer) {
            standing =
                self.numbers[id].flatMap { self.peers.index(of: $0) }.map { self.peers[$0].standing }
                ?? self.former.standing(id) ?? peer
        } else {
            standing = peer
        }
        return UInt32(truncatingIfNeeded: standing)
    }

    /// Returns where the statistics are of whom a record names.
    private func place(ofStanding sender: UInt32) -> Place? {
        let age = UInt32(truncatingIfNeeded: self.newestPeer) &- sender
        return self.place(of: self.newestPeer - Int(age))
    }
}
