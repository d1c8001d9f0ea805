import LibP2P
import LibP2PCore

/// The RPCs that wait for one peer's stream, bounded in number and bytes, in the order of their priorities.
struct OutboundQueue {
    /// A first-in, first-out queue that pops without moving what is behind.
    private struct Lane {
        var items: [(rpc: RPC, size: Int)] = []
        var head = 0
        var bytes = 0

        var count: Int { self.items.count - self.head }

        mutating func push(_ rpc: RPC, size: Int) {
            self.items.append((rpc, size))
            self.bytes += size
        }

        mutating func pop() -> RPC? {
            guard self.head < self.items.count else { return nil }
            let item = self.items[self.head]
            self.items[self.head].rpc = RPC()
            self.head += 1
            self.bytes -= item.size
            if self.head >= 64, self.head * 2 >= self.items.count {
                self.items.removeFirst(self.head)
                self.head = 0
            }
            return item.rpc
        }
    }

    private let countMax: Int
    private let bytesMax: Int
    private var lanes = [Lane](repeating: Lane(), count: SendPriority.allCases.count)

    /// The bounds hold for each of the priorities.
    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { self.lanes.allSatisfy { $0.count == 0 } }
    var count: Int { self.lanes.reduce(0) { $0 + $1.count } }
    var bytes: Int { self.lanes.reduce(0) { $0 + $1.bytes } }

    /// Adds an RPC; false when there is no room. An empty lane takes any one RPC.
    mutating func push(_ rpc: RPC, _ priority: SendPriority) -> Bool {
        let size = rpc.encodedSize
        guard self.hasRoom(self.lanes[priority.rawValue], size) else { return false }
        self.lanes[priority.rawValue].push(rpc, size: size)
        return true
    }

    /// Takes the next RPC: the first of the most urgent priority that has any.
    mutating func pop() -> RPC? {
        for index in self.lanes.indices where self.lanes[index].count > 0 { return self.lanes[index].pop() }
        return nil
    }

    /// Drops everything.
    mutating func removeAll() {
        self.lanes = [Lane](repeating: Lane(), count: SendPriority.allCases.count)
    }

    private func hasRoom(_ lane: Lane, _ size: Int) -> Bool {
        lane.count == 0 || lane.count < self.countMax && lane.bytes + size <= self.bytesMax
    }
}
