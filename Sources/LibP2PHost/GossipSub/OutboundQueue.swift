import LibP2P
import LibP2PCore

/// The RPCs that wait for one peer's stream, bounded in number and bytes, own and control before forwarded
/// ones.
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
    private var prompt = Lane()
    private var forwarded = Lane()

    /// The bounds hold for each of the two priorities.
    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { self.count == 0 }
    var count: Int { self.prompt.count + self.forwarded.count }
    var bytes: Int { self.prompt.bytes + self.forwarded.bytes }

    /// Adds an RPC; false when there is no room. An empty lane takes any one RPC.
    mutating func push(_ rpc: RPC, _ priority: SendPriority) -> Bool {
        let size = rpc.encodedSize
        switch priority {
        case .prompt:
            guard self.hasRoom(self.prompt, size) else { return false }
            self.prompt.push(rpc, size: size)
        case .forwarded:
            guard self.hasRoom(self.forwarded, size) else { return false }
            self.forwarded.push(rpc, size: size)
        }
        return true
    }

    /// Takes the next RPC.
    mutating func pop() -> RPC? {
        self.prompt.pop() ?? self.forwarded.pop()
    }

    /// Drops everything.
    mutating func removeAll() {
        self.prompt = Lane()
        self.forwarded = Lane()
    }

    private func hasRoom(_ lane: Lane, _ size: Int) -> Bool {
        lane.count == 0 || lane.count < self.countMax && lane.bytes + size <= self.bytesMax
    }
}
