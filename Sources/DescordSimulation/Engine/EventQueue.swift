/// One thing that will happen in the world: compact, because a world of 10,000 nodes has 100,000 of them
/// under way.
struct Event {
    /// What kind of thing.
    enum Kind: UInt8 {
        /// A node's process starts. `payload`: nothing.
        case boot
        /// A link's handshake is done. `payload`: the link.
        case connect
        /// An RPC has arrived. `payload`: its parcel.
        case arrival
        /// What a router asked to be woken for. `payload`: nothing; the time decides whether it still holds.
        case deadline
        /// A node's uplink has sent what it was sending. `payload`: nothing.
        case uplinkFree
        /// The application has made up its mind. `payload`: the verdict.
        case verdict
        /// A node learns that a connection is gone. `payload`: the link.
        case disconnect
        /// A node goes away, and comes back. `payload`: 1 when it says goodbye first.
        case leave
        case comeBack
        /// The application publishes. `payload`: the publication, or -1 for a probe.
        case publish
        /// A partition begins, is noticed, and ends. `payload`: its number.
        case cut
        case cutNoticed
        case heal
        /// A member is kicked. `payload`: who.
        case kick
        /// An attacker does what it does regularly. `payload`: nothing.
        case attack
        /// The checkers look at everything. `payload`: nothing.
        case sample
    }

    /// Nanoseconds of virtual time.
    let at: Int64
    /// Settles who goes first at the same time: whoever was scheduled first.
    let order: UInt64
    let node: Int32
    let payload: Int32
    let kind: Kind
}

/// The events to come, earliest first: a heap whose nodes have four children, which halves the depth.
struct EventQueue {
    private var heap: ContiguousArray<Event> = []
    private var order: UInt64 = 0

    /// How many are to come.
    var count: Int { heap.count }

    /// When the next one is due.
    var next: Int64? { heap.first?.at }

    /// The next one.
    var first: Event? { heap.first }

    /// Schedules an event; `at` is nanoseconds of virtual time.
    mutating func schedule(_ kind: Event.Kind, at: Int64, node: Int = -1, payload: Int = -1) {
        order += 1
        let event = Event(
            at: at, order: order, node: Int32(truncatingIfNeeded: node),
            payload: Int32(truncatingIfNeeded: payload), kind: kind)
        var hole = heap.count
        heap.append(event)
        while hole > 0 {
            let parent = (hole - 1) / 4
            guard Self.isBefore(event, heap[parent]) else { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = event
    }

    /// Takes the earliest event.
    mutating func pop() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        let count = heap.count
        guard count > 0 else { return first }
        var hole = 0
        while true {
            let child = hole * 4 + 1
            guard child < count else { break }
            var least = child
            var other = child + 1
            while other < min(child + 4, count) {
                if Self.isBefore(heap[other], heap[least]) { least = other }
                other += 1
            }
            guard Self.isBefore(heap[least], last) else { break }
            heap[hole] = heap[least]
            hole = least
        }
        heap[hole] = last
        return first
    }

    private static func isBefore(_ a: Event, _ b: Event) -> Bool {
        a.at != b.at ? a.at < b.at : a.order < b.order
    }
}
