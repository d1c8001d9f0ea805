/// Unsigned varints (multiformats `unsigned-varint`): LEB128, at most 9 bytes, minimal.
public enum Varint {
    /// The most bytes that a varint takes: 63 bits.
    public static let maxSize = 9

    /// What reading a varint came to.
    public enum Result: Equatable {
        /// A value and the number of bytes that it took.
        case value(UInt64, size: Int)
        /// More bytes are needed.
        case incomplete
        /// Longer than 9 bytes, or not minimal.
        case malformed
    }

    /// Reads a varint at the start of `bytes`.
    public static func read(_ bytes: some Collection<UInt8>) -> Result {
        var value: UInt64 = 0
        var size = 0
        for byte in bytes {
            if size == Self.maxSize { return .malformed }
            value |= UInt64(byte & 0x7f) << (7 * UInt64(size))
            size += 1
            if byte & 0x80 == 0 {
                return byte == 0 && size > 1 ? .malformed : .value(value, size: size)
            }
        }
        return size == Self.maxSize ? .malformed : .incomplete
    }

    /// Appends `value`, which must be below 2⁶³.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        precondition(value >> 63 == 0, "a varint holds 63 bits")
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Returns the encoding of `value`.
    public static func encode(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        self.append(value, to: &bytes)
        return bytes
    }

    /// Returns the number of bytes that `value` takes.
    public static func size(of value: UInt64) -> Int {
        value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7
    }
}

/// A reader of a byte string from front to back, for the multiformats' varint-framed encodings.
struct ByteReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.rest = bytes
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    /// Takes a minimal varint, or returns nil.
    mutating func varint() -> UInt64? {
        guard case .value(let value, let size) = Varint.read(self.rest) else { return nil }
        self.rest = self.rest.dropFirst(size)
        return value
    }

    /// Takes `count` bytes, or returns nil when there are fewer.
    mutating func bytes(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(self.rest.count) else { return nil }
        let taken = self.rest.prefix(Int(count))
        self.rest = self.rest.dropFirst(Int(count))
        return taken
    }
}
