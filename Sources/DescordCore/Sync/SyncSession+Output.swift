import DescordCrypto
import LibP2PCore

extension SyncSession {
    /// Whether `takeOutbound` has something to give.
    public var hasOutbound: Bool {
        self.outboxTaken < self.outbox.count || !self.pieces.isEmpty || self.sendIndex < self.sendQueue.count
            || !self.pendingReceipts.isEmpty || (self.owesDone && !self.sentDone)
    }

    /// Appends at most `maxBytes` for the stream. Operations are read from the storage only as they are
    /// taken.
    public mutating func takeOutbound(into buffer: inout [UInt8], maxBytes: Int) {
        var room = maxBytes
        while room > 0 {
            if self.outboxTaken == self.outbox.count {
                self.outbox.removeAll(keepingCapacity: true)
                self.outboxTaken = 0
                self.refill()
                if self.outbox.isEmpty { return }
            }
            let count = min(room, self.outbox.count - self.outboxTaken)
            buffer.append(contentsOf: self.outbox[self.outboxTaken..<self.outboxTaken + count])
            self.outboxTaken += count
            self.report.bytesSent += count
            room -= count
        }
    }

    /// Makes the next frames: receipts, then a chunk of operations, then `done`.
    private mutating func refill() {
        if !self.pendingReceipts.isEmpty {
            let ids = self.pendingReceipts
            self.pendingReceipts = []
            self.enqueue(ids: ids) { .receipt($0) }
            return
        }
        while self.pieces.count < SyncLimits.maxChunkSize, self.sendIndex < self.sendQueue.count {
            let id = self.sendQueue[self.sendIndex]
            self.sendIndex += 1
            guard let operation = self.storage?.operation(id) else { continue }
            self.pieces.append(contentsOf: FrameDecoder.frame(operation.encoded))
            self.report.sent += 1
        }
        if self.sendIndex == self.sendQueue.count, self.sendIndex > 0 {
            self.sendQueue = []
            self.sendIndex = 0
        }
        if !self.pieces.isEmpty {
            let chunk = Array(self.pieces.prefix(SyncLimits.maxChunkSize))
            self.pieces.removeFirst(chunk.count)
            self.enqueue(.operations(.init(octets: chunk)))
        } else if self.owesDone, !self.sentDone {
            self.sentDone = true
            self.enqueue(.done(PBSyncDone()))
        }
    }

    /// Queues one frame.
    mutating func enqueue(_ frame: PBSyncFrame.OneOf_Frame) {
        var message = PBSyncFrame()
        message.frame = frame
        self.outbox.append(contentsOf: FrameDecoder.frame(message.octets))
    }

    /// Queues as many frames as a list of ids takes; the last one says so, and is sent even for an empty
    /// list.
    mutating func enqueue(
        ids: [OperationID], isLast: Bool = true, _ frame: (PBSyncIDs) -> PBSyncFrame.OneOf_Frame
    ) {
        var index = 0
        repeat {
            let end = min(index + SyncLimits.maxIDsPerFrame, ids.count)
            var message = PBSyncIDs()
            message.ids = .init(octets: ids[index..<end].flatMap(\.bytes))
            if isLast, end == ids.count { message.last = true }
            self.enqueue(frame(message))
            index = end
        } while index < ids.count
    }

    /// Queues operations of the set, parents first: authority operations and what they follow, then the rest.
    mutating func send(_ ids: [OperationID]) {
        guard let storage = self.storage else { return }
        self.sendQueue.append(contentsOf: Self.parentsFirst(ids, in: storage))
    }

    /// Returns those of `ids` that the storage holds so that none comes before one that it follows. Authority
    /// operations, with whatever they follow, come first. Of content each author has its turn, so that one
    /// who wrote much does not come before all others; of one author's, later ids of the list come first,
    /// which is by ascending clock when the list is the storage's own.
    ///
    /// What a peer holds already may wait there for what it follows: a newcomer gets all authority operations
    /// before any content. So the way to what comes first leads through authority operations that are not to
    /// be sent.
    static func parentsFirst(_ ids: [OperationID], in storage: any SyncStorage) -> [OperationID] {
        let entries = storage.entries(ids)
        let passages = Self.passages(from: ids, entries, in: storage)
        let authority = ids.filter { entries[$0]?.operationClass != .content }
        let content = ids.filter { entries[$0]?.operationClass == .content }
        var order: [OperationID] = []
        var seen: Set<OperationID> = []
        let turns = Self.inTurns(content.reversed()) { entries[$0]?.author }
        for root in authority + turns where entries[root] != nil && !seen.contains(root) {
            seen.insert(root)
            var stack = [(id: root, links: entries[root]?.links ?? [], next: 0)]
            while let top = stack.last {
                if top.next < top.links.count {
                    stack[stack.count - 1].next += 1
                    let link = top.links[top.next]
                    if let entry = entries[link] ?? passages[link], seen.insert(link).inserted {
                        stack.append((link, entry.links, 0))
                    }
                } else {
                    if entries[top.id] != nil { order.append(top.id) }
                    stack.removeLast()
                }
            }
        }
        return order
    }

    /// Returns the authority operations that `ids` follow without content in between, and that are not among
    /// them.
    private static func passages(
        from ids: [OperationID], _ entries: [OperationID: SyncEntry], in storage: any SyncStorage
    ) -> [OperationID: SyncEntry] {
        var passages: [OperationID: SyncEntry] = [:]
        var seen: Set<OperationID> = []
        var ends = ids.flatMap { entries[$0]?.links ?? [] }
        while true {
            let unknown = ends.filter { entries[$0] == nil && seen.insert($0).inserted }
            guard !unknown.isEmpty else { return passages }
            let found = storage.entries(unknown).filter { $0.value.operationClass != .content }
            passages.merge(found) { entry, _ in entry }
            ends = unknown.flatMap { found[$0]?.links ?? [] }
        }
    }

    /// Returns `ids` in rounds, of which each takes the next one of every author; authors stand in the order
    /// of their first.
    private static func inTurns(
        _ ids: some Sequence<OperationID>, by author: (OperationID) -> Ed25519.PublicKey?
    ) -> [OperationID] {
        var rounds: [[OperationID]] = []
        var counts: [Ed25519.PublicKey: Int] = [:]
        for id in ids {
            guard let author = author(id) else { continue }
            let round = counts[author, default: 0]
            counts[author] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(id)
        }
        return rounds.flatMap { $0 }
    }
}
