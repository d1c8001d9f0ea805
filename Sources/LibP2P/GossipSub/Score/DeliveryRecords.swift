import DequeModule
import LibP2PCore

/// Which peers delivered which message, and what became of it (go-libp2p-pubsub, `messageDeliveries`).
///
/// One record costs about 100 bytes and no allocation of its own: the peers of all records stand in one array
/// of blocks, each with room for as many as usually send a message.
struct DeliveryRecords: Sendable {
    enum Status: UInt8, Sendable {
        /// Being validated.
        case unknown
        case valid, invalid, ignored, throttled
    }

    /// Names a record until it expires.
    struct Handle: Sendable {
        fileprivate let number: UInt32
    }

    private struct Record: Sendable {
        let id: MessageID
        let expires: Instant
        /// When it was found valid.
        var validated = Instant.zero
        /// The block with the last senders; 0: none.
        var block: UInt32 = 0
        var status = Status.unknown
    }

    private let ttl: Duration
    private let countMax: Int
    /// A record's number, by id. Numbers count up and wrap, far beyond how many there are at a time.
    private var numbers: [MessageID: UInt32] = [:]
    /// In the order in which they were made, which is the order in which they expire.
    private var records: Deque<Record> = []
    /// The number of the first of them.
    private var base: UInt32 = 0
    private var blocks = SenderBlocks()

    init(ttl: Duration, countMax: Int) {
        self.ttl = ttl
        self.countMax = max(countMax, 1)
    }

    var count: Int { self.records.count }

    /// Returns a message's record, which is made when there is none.
    mutating func record(_ id: MessageID, now: Instant) -> Handle {
        let fresh = self.base &+ UInt32(truncatingIfNeeded: self.records.count)
        let number = self.numbers[id, default: fresh]
        guard number == fresh else { return Handle(number: number) }
        self.numbers[id] = fresh
        self.records.append(Record(id: id, expires: now + self.ttl))
        if self.records.count > self.countMax { self.removeFirst() }
        return Handle(number: fresh)
    }

    func status(_ handle: Handle) -> Status { self.records[self.index(handle)].status }

    func validated(_ handle: Handle) -> Instant { self.records[self.index(handle)].validated }

    /// The message is valid: those who delivered it are remembered.
    mutating func setValid(_ handle: Handle, now: Instant) {
        let index = self.index(handle)
        self.records[index].status = .valid
        self.records[index].validated = now
    }

    /// Nobody asks any more who delivered the message.
    mutating func close(_ handle: Handle, _ status: Status) {
        let index = self.index(handle)
        self.records[index].status = status
        self.blocks.free(self.records[index].block)
        self.records[index].block = 0
    }

    /// Remembers a sender; false when it is known.
    mutating func add(_ sender: UInt32, to handle: Handle) -> Bool {
        let index = self.index(handle)
        let block = self.records[index].block
        guard !self.blocks.contains(sender, from: block) else { return false }
        self.records[index].block = self.blocks.add(sender, to: block)
        return true
    }

    /// Begins to walk a message's senders.
    func senders(_ handle: Handle) -> SenderBlocks.Cursor {
        SenderBlocks.Cursor(block: self.records[self.index(handle)].block)
    }

    /// The next sender of a walk; nil at its end.
    func next(_ cursor: inout SenderBlocks.Cursor) -> UInt32? {
        self.blocks.next(&cursor)
    }

    /// Forgets what has expired.
    mutating func expire(now: Instant) {
        while let first = self.records.first, first.expires < now { self.removeFirst() }
    }

    private func index(_ handle: Handle) -> Int { Int(handle.number &- self.base) }

    private mutating func removeFirst() {
        let record = self.records.removeFirst()
        self.numbers[record.id] = nil
        self.blocks.free(record.block)
        self.base &+= 1
    }
}

/// Lists of numbers in one array. A list is a chain of blocks; a block is the next one's index, a count, and
/// the numbers.
struct SenderBlocks: Sendable {
    /// Where a walk stands.
    struct Cursor {
        fileprivate var block: UInt32
        fileprivate var position = 0

        fileprivate init(block: UInt32) {
            self.block = block
        }
    }

    /// 64 bytes: one line of most caches.
    private static let size = 16
    private static let capacity = size - 2

    /// Block 0 stands for none.
    private var words = [UInt32](repeating: 0, count: size)
    private var firstFree: UInt32 = 0

    init() {}

    func contains(_ number: UInt32, from block: UInt32) -> Bool {
        var block = block
        while block != 0 {
            let start = Int(block) * Self.size
            let count = Int(self.words[start + 1])
            for position in 0..<count where self.words[start + 2 + position] == number { return true }
            block = self.words[start]
        }
        return false
    }

    /// Adds a number to the list that begins with `block`; returns where it now begins.
    mutating func add(_ number: UInt32, to block: UInt32) -> UInt32 {
        var block = block
        if block == 0 || self.words[Int(block) * Self.size + 1] == Self.capacity {
            let next = block
            block = self.allocate()
            self.words[Int(block) * Self.size] = next
            self.words[Int(block) * Self.size + 1] = 0
        }
        let start = Int(block) * Self.size
        let count = self.words[start + 1]
        self.words[start + 2 + Int(count)] = number
        self.words[start + 1] = count + 1
        return block
    }

    func next(_ cursor: inout Cursor) -> UInt32? {
        guard cursor.block != 0 else { return nil }
        let start = Int(cursor.block) * Self.size
        let number = self.words[start + 2 + cursor.position]
        cursor.position += 1
        if cursor.position == self.words[start + 1] {
            cursor.block = self.words[start]
            cursor.position = 0
        }
        return number
    }

    /// Frees a list.
    mutating func free(_ block: UInt32) {
        var block = block
        while block != 0 {
            let start = Int(block) * Self.size
            let next = self.words[start]
            self.words[start] = self.firstFree
            self.firstFree = block
            block = next
        }
    }

    private mutating func allocate() -> UInt32 {
        guard self.firstFree == 0 else {
            let block = self.firstFree
            self.firstFree = self.words[Int(block) * Self.size]
            return block
        }
        let block = UInt32(self.words.count / Self.size)
        self.words.append(contentsOf: repeatElement(0, count: Self.size))
        return block
    }
}
