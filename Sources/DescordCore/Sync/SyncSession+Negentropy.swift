import LibP2PCore

// MARK: - The method `negentropy/1`

extension SyncSession {
    /// Initiator: sends the first message about what is here now.
    mutating func compareByNegentropy() {
        guard let storage = self.storage else { return }
        let comparison = NegentropyInitiator(
            Self.negentropyStorage(of: storage), maxFrameSize: SyncLimits.maxNegentropySize)
        self.sendNegentropy(comparison.opening())
        self.comparison = comparison
    }

    /// Responder: answers from what is here now until it is told what is wanted.
    mutating func answerByNegentropy() {
        guard let storage = self.storage else { return }
        self.answers = Negentropy(
            Self.negentropyStorage(of: storage), maxFrameSize: SyncLimits.maxNegentropySize)
    }

    private static func negentropyStorage(of storage: any SyncStorage) -> NegentropyStorage {
        do throws(NegentropyFailure) {
            return try NegentropyStorage(storage.items())
        } catch {
            preconditionFailure("a set holds each operation once: \(error)")
        }
    }

    private mutating func sendNegentropy(_ message: [UInt8]) {
        var frame = PBSyncNegentropy()
        frame.message = .init(octets: message)
        self.enqueue(.negentropy(frame))
        self.negentropyCount += 1
        if self.role == .initiator { self.report.roundTrips += 1 }
    }

    /// Takes the next message of the comparison.
    mutating func negentropyReceived(_ frame: PBSyncNegentropy, into events: inout [Event]) {
        do throws(NegentropyFailure) {
            switch self.role {
            case .initiator: try self.answerReceived(frame, into: &events)
            case .responder: try self.questionReceived(frame, into: &events)
            }
        } catch {
            self.fail(.malformed, into: &events)
        }
    }

    private mutating func answerReceived(
        _ frame: PBSyncNegentropy, into events: inout [Event]
    ) throws(NegentropyFailure) {
        guard var comparison = self.comparison.take(), !frame.stopped else {
            return self.fail(.unexpected, into: &events)
        }
        let next = try comparison.received(frame.message.octets)
        if let next, self.negentropyCount < SyncLimits.maxNegentropyCount {
            self.sendNegentropy(next)
            self.comparison = comparison
        } else {
            self.exchange(comparison, isWhole: next == nil, into: &events)
        }
    }

    private mutating func questionReceived(
        _ frame: PBSyncNegentropy, into events: inout [Event]
    ) throws(NegentropyFailure) {
        guard let answers = self.answers, self.report.isComplete,
            self.negentropyCount < SyncLimits.maxNegentropyCount || frame.stopped
        else { return self.fail(.unexpected, into: &events) }
        if frame.stopped {
            self.report.isComplete = false
        } else {
            self.sendNegentropy(try answers.answer(to: frame.message.octets))
        }
    }

    /// Wants what was found to be missing here, and sends what is missing there.
    private mutating func exchange(
        _ comparison: NegentropyInitiator, isWhole: Bool, into events: inout [Event]
    ) {
        guard let storage = self.storage else { return }
        let have = self.newestFirst(comparison.have)
        if isWhole {
            // Whatever else is here was found to be there.
            let lacking = Set(have)
            self.receiptsReceived(self.awaited.filter { !lacking.contains($0) }.sorted(), into: &events)
        } else {
            self.report.isComplete = false
            var frame = PBSyncNegentropy()
            frame.stopped = true
            self.enqueue(.negentropy(frame))
        }
        self.send(have)
        let wanted = storage.wanted(comparison.need.filter { !storage.contains($0) })
        self.outstanding = Set(wanted)
        self.enqueue(ids: wanted) { .want($0) }
        self.sentLastWant = true
        self.owesDone = true
        self.report.roundTrips += 1
    }

    /// Returns `ids`, which come in no order, as the list of the method `ids` has them: the newest first, by
    /// the whole clock.
    func newestFirst(_ ids: [OperationID]) -> [OperationID] {
        guard ids.count > 1, self.method == .negentropy, let storage = self.storage else { return ids }
        var left = Set(ids)
        return storage.ids().compactMap { left.remove($0) }
    }

    /// Counts what the peer listed and did not send: nobody can say then that both have everything.
    mutating func missed(_ count: Int) {
        guard count > 0 else { return }
        self.report.lacking += count
        self.report.isComplete = false
    }
}
