import DequeModule

/// Bytes that wait to be sent, kept in the arrays that they came in.
struct ByteQueue: Sendable {
    /// Arrays below this size are joined, so that many small writes do not cost an allocation each.
    private static let joinedSize = 4_096

    private var chunks: Deque<[UInt8]> = []
    /// How much of the first chunk has been taken.
    private var offset = 0

    /// The number of bytes.
    private(set) var count = 0

    var isEmpty: Bool { self.count == 0 }

    /// Adds `bytes` at the end; larger arrays are retained, not copied.
    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        self.count += bytes.count
        if let lastCount = self.chunks.last?.count, lastCount + bytes.count <= Self.joinedSize {
            self.chunks[self.chunks.count - 1].append(contentsOf: bytes)
        } else {
            self.chunks.append(bytes)
        }
    }

    /// Moves `count` bytes, which must be there, to the end of `buffer`.
    mutating func move(_ count: Int, into buffer: inout [UInt8]) {
        precondition(count <= self.count, "more bytes than are queued")
        self.count -= count
        var rest = count
        while rest > 0 {
            let available = self.chunks[0].count - self.offset
            let taken = min(rest, available)
            buffer.append(contentsOf: self.chunks[0][self.offset..<(self.offset + taken)])
            rest -= taken
            if taken == available {
                self.chunks.removeFirst()
                self.offset = 0
            } else {
                self.offset += taken
            }
        }
    }
}
