import CPrefetch
import LibP2P

/// What the world knows of one message that somebody made.
struct Publication {
    /// What the application of an honest node makes of it.
    enum Kind: Equatable {
        /// A message of the space.
        case content
        /// An operation of authority.
        case urgent
        /// A part of what the first node publishes at one moment.
        case burst
        /// The operation that takes a node's membership away.
        case kick(Int)
        /// An operation whose parents nobody has: it is held, as far as there is room.
        case orphan
        /// Wrong in every state of the space.
        case malformed

        /// Whether applications call it urgent, once they found that its author may say so.
        var isUrgent: Bool {
            switch self {
            case .urgent, .kick: true
            case .content, .burst, .orphan, .malformed: false
            }
        }
    }

    let message: Message
    let author: Int
    let kind: Kind
    /// Nanoseconds of virtual time.
    let at: Int64
    /// Whether it shows that the world has recovered; it counts for no figure.
    let isProbe: Bool
    /// The nodes that have to get it, and have not yet.
    var missing: NodeSet
    /// How many had to get it.
    var expected = 0
    /// The nodes whose stores have it, and those whose routers handed it to the application.
    var stored: NodeSet
    var given: NodeSet
}

/// A bounded line of RPCs that wait for a node's uplink, by priority and then in order.
struct Uplink {
    private struct Lane {
        var parcels: [Int32] = []
        var head = 0
    }

    /// Nanoseconds that a byte takes.
    let nanosecondsPerByte: Double
    /// Whether something is being sent now.
    var isBusy = false
    private var lanes: [Lane] = []

    init(megabits: Double) {
        nanosecondsPerByte = 8_000 / megabits
    }

    /// How long so many bytes take.
    func nanoseconds(for bytes: Int) -> Int64 {
        Int64((Double(bytes) * nanosecondsPerByte).rounded(.up))
    }

    mutating func push(_ parcel: Int, lane: Int) {
        while lanes.count <= lane { lanes.append(Lane()) }
        lanes[lane].parcels.append(Int32(parcel))
    }

    mutating func pop() -> Int? {
        for lane in lanes.indices where lanes[lane].head < lanes[lane].parcels.count {
            let parcel = lanes[lane].parcels[lanes[lane].head]
            lanes[lane].head += 1
            if lanes[lane].head >= 64, lanes[lane].head * 2 >= lanes[lane].parcels.count {
                lanes[lane].parcels.removeFirst(lanes[lane].head)
                lanes[lane].head = 0
            }
            return Int(parcel)
        }
        return nil
    }

    /// Drops everything that waits, and returns it.
    mutating func removeAll() -> [Int] {
        var parcels: [Int] = []
        while let parcel = pop() { parcels.append(parcel) }
        return parcels
    }
}

/// An RPC between its sender and its receiver.
struct Parcel {
    var rpc: RPC
    var from: Int32
    var to: Int32
    var link: Int32
    var generation: Int32
    var size: Int32
    /// Its place in the sender's order of priorities, 0 first.
    var lane: UInt8
    /// Whether the receiver's downlink has taken it in.
    var isTakenIn = false
}

/// What is under way, in slots that are used again.
struct ParcelTable {
    private var slots: ContiguousArray<Parcel> = []
    private var free: ContiguousArray<Int32> = []

    /// How many are under way.
    var count: Int { slots.count - free.count }

    mutating func add(_ parcel: Parcel) -> Int {
        if let slot = free.popLast() {
            slots[Int(slot)] = parcel
            return Int(slot)
        }
        slots.append(parcel)
        return slots.count - 1
    }

    subscript(slot: Int) -> Parcel {
        @inline(__always) get { slots[slot] }
        _modify { yield &slots[slot] }
    }

    /// Says that a parcel will be looked at soon.
    func prefetch(_ slot: Int) {
        slots.withUnsafeBufferPointer { slots in
            guard let first = slots.baseAddress, slots.indices.contains(slot) else { return }
            CPrefetch.prefetch(first + slot, MemoryLayout<Parcel>.stride)
        }
    }

    /// Takes a parcel out, and what it holds: moved, since copying an RPC costs a count for each of its
    /// lists.
    mutating func take(_ slot: Int) -> RPC {
        var rpc = RPC()
        swap(&rpc, &slots[slot].rpc)
        free.append(Int32(slot))
        return rpc
    }
}
