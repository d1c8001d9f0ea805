/// How a range is described.
enum NegentropyMode: UInt64 {
    /// Nothing to say about it.
    case skip
    /// The fingerprint of what the sender has in it.
    case fingerprint
    /// Everything that the sender has in it.
    case ids
}

/// Numbers in groups of seven bits, the most significant group first; all but the last have the high bit set.
enum NegentropyVarint {
    static func encode(_ value: UInt64) -> [UInt8] {
        var groups = [UInt8(value & 0x7f)]
        var rest = value >> 7
        while rest > 0 {
            groups.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return groups.reversed()
    }
}

/// Reads a message from its beginning, and never beyond its end.
struct NegentropyReader {
    private let bytes: [UInt8]
    private var index = 0
    /// The bound that was read last: timestamps are differences to it.
    private var last = NegentropyBound.zero

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.index == self.bytes.count }

    mutating func byte() throws(NegentropyFailure) -> UInt8 {
        guard self.index < self.bytes.count else { throw .truncated }
        self.index += 1
        return self.bytes[self.index - 1]
    }

    mutating func bytes(_ count: Int) throws(NegentropyFailure) -> ArraySlice<UInt8> {
        guard count <= self.bytes.count - self.index else { throw .truncated }
        self.index += count
        return self.bytes[self.index - count..<self.index]
    }

    mutating func number() throws(NegentropyFailure) -> UInt64 {
        var value: UInt64 = 0
        var isFirst = true
        while true {
            let byte = try self.byte()
            // A leading group of zeros would be a second form of the same number.
            guard value >> 57 == 0, !isFirst || byte != 0x80 else { throw .badNumber }
            value = value << 7 | UInt64(byte & 0x7f)
            if byte & 0x80 == 0 { return value }
            isFirst = false
        }
    }

    mutating func bound() throws(NegentropyFailure) -> NegentropyBound {
        let number = try self.number()
        var timestamp = UInt64.max
        if number > 0 {
            let (sum, overflowed) = self.last.timestamp.addingReportingOverflow(number - 1)
            guard !overflowed else { throw .badBound }
            timestamp = sum
        }
        let size = try self.number()
        guard size <= OperationID.size else { throw .badBound }
        let bound = NegentropyBound(timestamp: timestamp, prefix: try self.bytes(Int(size)))
        guard !bound.isBelow(self.last) else { throw .badBound }
        self.last = bound
        return bound
    }

    mutating func mode() throws(NegentropyFailure) -> NegentropyMode {
        let number = try self.number()
        guard let mode = NegentropyMode(rawValue: number) else { throw .unknownMode(number) }
        return mode
    }

    /// Reads a list of ids; nothing is reserved for more than the message holds.
    mutating func ids() throws(NegentropyFailure) -> [OperationID] {
        let count = try self.number()
        guard count <= UInt64(self.bytes.count - self.index) / UInt64(OperationID.size) else {
            throw .truncated
        }
        var ids: [OperationID] = []
        ids.reserveCapacity(Int(count))
        for _ in 0..<Int(count) {
            ids.append(OperationID(bytes: try self.bytes(OperationID.size))!)  // 32 bytes were read
        }
        return ids
    }
}

/// Writes a message: its version, then ranges in ascending order.
struct NegentropyWriter {
    private(set) var bytes: [UInt8] = [Negentropy.version]
    private var lastTimestamp: UInt64 = 0

    mutating func skip(to bound: NegentropyBound) {
        self.begin(bound, .skip)
    }

    mutating func fingerprint(_ fingerprint: [UInt8], to bound: NegentropyBound) {
        self.begin(bound, .fingerprint)
        self.bytes += fingerprint
    }

    mutating func ids(_ items: ArraySlice<NegentropyItem>, to bound: NegentropyBound) {
        self.begin(bound, .ids)
        self.bytes += NegentropyVarint.encode(UInt64(items.count))
        for item in items { self.bytes += item.id.bytes }
    }

    /// Takes back what was written after `size` bytes; only a range to infinity may follow.
    mutating func truncate(to size: Int) {
        self.bytes.removeLast(self.bytes.count - size)
    }

    private mutating func begin(_ bound: NegentropyBound, _ mode: NegentropyMode) {
        if bound.timestamp == .max {
            self.bytes += NegentropyVarint.encode(0)
        } else {
            self.bytes += NegentropyVarint.encode(bound.timestamp - self.lastTimestamp + 1)
        }
        self.lastTimestamp = bound.timestamp
        self.bytes += NegentropyVarint.encode(UInt64(bound.prefixSize))
        self.bytes += bound.id.bytes.prefix(bound.prefixSize)
        self.bytes += NegentropyVarint.encode(mode.rawValue)
    }
}
