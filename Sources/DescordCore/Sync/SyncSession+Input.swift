import DescordCrypto
import LibP2PCore

// MARK: - Frames

extension SyncSession {
    /// Reads frames until there are no more, reading pauses, or the session ends; then looks what is
    /// finished.
    mutating func process(into events: inout [Event]) {
        while self.stage != .closed, self.wantsInput, self.canRead {
            let frame: [UInt8]?
            do {
                frame = try self.frames.next()
            } catch {
                return self.fail(.malformed, into: &events)
            }
            guard let frame else { break }
            self.frameReceived(frame, into: &events)
        }
        self.flush(into: &events)
        self.advance(into: &events)
    }

    /// While the driver stores what was pushed, or writes a join or an admission, nothing further is read.
    private var canRead: Bool {
        switch self.stage {
        case .storingPush: self.pushRemaining > 0
        case .admitting: self.role == .initiator && self.joinOperation != nil && self.admission == nil
        default: true
        }
    }

    private mutating func frameReceived(_ bytes: [UInt8], into events: inout [Event]) {
        if bytes.isEmpty {
            guard self.role == .initiator, self.method == nil else {
                return self.fail(.unexpected, into: &events)
            }
            self.stage = .closed
            events.append(.refused(.unknown))
            return
        }
        guard let message = PBSyncFrame(octets: bytes), let frame = message.frame else {
            return self.fail(.malformed, into: &events)
        }
        switch (frame, self.role) {
        case (.opening(let opening), .responder) where self.stage == .opening:
            self.openingReceived(opening, into: &events)
        case (_, .responder) where self.stage == .opening:
            self.fail(.unexpected, into: &events)
        case (.hello(let message), _) where self.stage == .greeting:
            guard let hello = SyncHello(message) else { return self.fail(.malformed, into: &events) }
            self.greeted(hello, into: &events)
        case (.refusal(let refusal), .initiator) where self.method == nil:
            self.stage = .closed
            events.append(.refused(SyncRefusal(refusal.reason)))
        case (.operations(let piece), _):
            self.operationsReceived(piece.octets, into: &events)
        case (.done, _):
            self.doneReceived(into: &events)
        case (.ids(let list), _), (.want(let list), _), (.receipt(let list), _), (.ask(let list), _),
            (.lacking(let list), _):
            guard let ids = Self.ids(list.ids.octets) else { return self.fail(.malformed, into: &events) }
            self.listReceived(frame, ids, isLast: list.last, into: &events)
        case (.negentropy(let message), _) where self.method == .negentropy && self.stage == .reconciling:
            self.negentropyReceived(message, into: &events)
        case (.records(let records), _) where self.peerHello != nil:
            self.recordsReceived(records, into: &events)
        default:
            self.fail(.unexpected, into: &events)
        }
    }

    private mutating func greeted(_ hello: SyncHello, into events: inout [Event]) {
        switch self.role {
        case .initiator: self.helloReceived(hello, into: &events)
        case .responder:
            self.peerHello = hello
            self.pushRemaining = hello.pushed
            self.stage = .storingPush
        }
    }

    private mutating func listReceived(
        _ frame: PBSyncFrame.OneOf_Frame, _ ids: [OperationID], isLast: Bool, into events: inout [Event]
    ) {
        guard self.mayReceive(frame) else { return self.fail(.unexpected, into: &events) }
        switch frame {
        case .receipt: self.receiptsReceived(ids, into: &events)
        case .ask: self.asked(ids)
        case .lacking: self.lacked(ids)
        case .ids
        where self.stage == .reconciling && !self.peerIDsComplete
            && (self.role == .initiator && self.method == .ids || self.method == .ancestors):
            self.peerIDs.append(contentsOf: ids)
            guard self.peerIDs.count <= SyncLimits.maxIDCount else {
                return self.fail(.tooManyIDs, into: &events)
            }
            self.peerIDsComplete = isLast
            if isLast { self.compare(into: &events) }
        case .want
        where self.stage == .reconciling && !self.peerWantsComplete
            && (self.role == .responder || self.method == .ancestors):
            self.wantedOfUs += ids.count
            guard self.wantedOfUs <= SyncLimits.maxIDCount else {
                return self.fail(.tooManyIDs, into: &events)
            }
            self.wanted(ids)
            self.peerWantsComplete = isLast
        default: self.fail(.unexpected, into: &events)
        }
    }

    /// Receipts may come before the responder's hello, and what an initiator asks comes before its own.
    private func mayReceive(_ frame: PBSyncFrame.OneOf_Frame) -> Bool {
        switch frame {
        case .receipt: self.peerHello != nil || self.sentHello
        case .ask: self.peerHello != nil || (self.role == .responder && self.stage == .greeting)
        default: self.peerHello != nil
        }
    }

    private mutating func operationsReceived(_ piece: [UInt8], into events: inout [Event]) {
        guard self.storage != nil, self.peerHello != nil || self.stage == .joining || self.stage == .admitting
        else { return self.fail(.unexpected, into: &events) }
        self.operations.append(piece)
        while self.stage != .closed {
            let encoded: [UInt8]?
            do {
                encoded = try self.operations.next()
            } catch {
                return self.fail(.malformed, into: &events)
            }
            guard let encoded else { return }
            do {
                let operation = try UnverifiedOperation(decoding: encoded)
                try self.operationReceived(operation, size: encoded.count, into: &events)
            } catch {
                if self.stage == .storingPush, self.pushRemaining > 0 { self.pushRemaining -= 1 }
                guard !error.isMisbehaviour else { return self.fail(.badOperation(error), into: &events) }
                self.report.refused += 1
            }
        }
    }

    /// Takes an operation whose signature the driver checks before it stores it; the two that joining turns
    /// on are checked here.
    private mutating func operationReceived(
        _ operation: UnverifiedOperation, size: Int, into events: inout [Event]
    ) throws(OperationFailure) {
        guard operation.space == self.storage?.space else {
            return self.fail(.foreignOperation, into: &events)
        }
        switch (self.role, self.stage) {
        case (.responder, .joining): return self.joinReceived(try operation.verified(), into: &events)
        case (.initiator, .joining):
            guard operation.operationClass == .authority else { return self.fail(.unexpected, into: &events) }
        case (.initiator, .admitting):
            guard let admit = try operation.verified().payload(MemberAdmit.self),
                admit.join == self.joinOperation,
                admit.member == self.localKey, self.admission == nil
            else { return self.fail(.unexpected, into: &events) }
            self.admission = operation.id
        case (.responder, .storingPush):
            guard self.pushRemaining > 0 else { return self.fail(.unexpected, into: &events) }
            self.pushRemaining -= 1
        // A peer that has settled already may push while we still store what came before its `done`.
        case (_, .reconciling) where !self.gotDone || self.staysOpen: break
        case (_, .settled) where self.staysOpen: break
        default: return self.fail(.unexpected, into: &events)
        }
        if self.unstored[operation.id] != nil { return }
        // Receipts count once we are a member; what a newcomer holds by then is asked for with the hello.
        let owesReceipt = self.peerHello != nil && operation.author == self.remoteKey
        self.unstored[operation.id] = Unstored(
            size: size, owesReceipt: owesReceipt, links: operation.links)
        self.unstoredSize += size
        self.batch.append(operation)
        if self.batch.count >= SyncLimits.maxBatchCount { self.flush(into: &events) }
    }

    /// Hands what was read to the driver.
    private mutating func flush(into events: inout [Event]) {
        guard !self.batch.isEmpty, self.stage != .closed else { return }
        events.append(.store(self.batch))
        self.batch = []
    }

    private mutating func doneReceived(into events: inout [Event]) {
        guard !self.gotDone, !self.operations.isInFrame,
            self.stage == .reconciling
                || (self.stage == .joining && self.role == .initiator)
        else { return self.fail(.unexpected, into: &events) }
        self.gotDone = true
    }

    /// Moves on to whatever has become possible.
    mutating func advance(into events: inout [Event]) {
        switch (self.role, self.stage) {
        case (.responder, .storingPush) where self.pushRemaining == 0 && self.unstored.isEmpty:
            self.answerHello(into: &events)
            self.process(into: &events)
            return
        case (.initiator, .joining) where self.gotDone && self.unstored.isEmpty:
            self.stage = .admitting
            self.report.roundTrips += 1
            events.append(.joinNeeded)
        case (.initiator, .admitting) where self.admission != nil && self.unstored.isEmpty:
            self.admissionStored(into: &events)
            self.process(into: &events)
            return
        case (_, .reconciling): self.advanceReconciliation(into: &events)
        default: break
        }
        self.settle(into: &events)
    }

    /// Ends the session for a reason that is the peer's.
    mutating func fail(_ failure: SyncFailure, into events: inout [Event]) {
        guard self.stage != .closed else { return }
        self.batch = []
        self.stage = .closed
        events.append(.failed(failure))
    }

    /// Cuts a field of ids; nil when it is not whole ids or too many for one frame.
    private static func ids(_ bytes: [UInt8]) -> [OperationID]? {
        guard bytes.count.isMultiple(of: OperationID.size) else { return nil }
        return stride(from: 0, to: bytes.count, by: OperationID.size).compactMap {
            OperationID(bytes: bytes[$0..<$0 + OperationID.size])
        }
    }
}

extension SyncRefusal {
    init(_ reason: PBSyncRefusal.Reason) {
        switch reason {
        case .unknown: self = .unknown
        case .expired: self = .expired
        case .usedUp: self = .usedUp
        case .revoked: self = .revoked
        case .banned: self = .banned
        }
    }
}
