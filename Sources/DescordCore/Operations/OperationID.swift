import DescordCrypto
import LibP2PCore

/// The name of an operation: SHA-256 over its author and header, 32 bytes.
///
/// Spaces, channels, threads, messages, roles and invites are named by the operation that made them. Kept as
/// four words, because sets of a hundred thousand of them are compared. Ordered by bytes.
public struct OperationID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Bytes in an id.
    public static let size = 32

    /// The id's words, the first bytes in the most significant place.
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// Reads an id; nil unless `bytes` are 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        // Rows of the database are read this way, several ids each.
        let read = bytes.withContiguousStorageIfAvailable { storage in
            let raw = UnsafeRawBufferPointer(storage)
            func word(_ place: Int) -> UInt64 {
                UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
        if let read {
            self.words = read
            return
        }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index >> 3 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
        }
        self.words = words
    }

    /// Parses exactly 64 hexadecimal digits of either case.
    public init?(hex text: some StringProtocol) {
        guard text.utf8.count == Self.size * 2, let bytes = Multibase.decodeHex(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Derives the id of the operation with this author and header bytes:
    /// SHA-256(13 ‖ "descord-op-v1" ‖ 32 ‖ key ‖ uvarint(header size) ‖ header).
    init(author: Ed25519.PublicKey, header: [UInt8]) {
        var hash = SHA256()
        for part in [Array(Operation.domain.utf8), author.bytes, header] {
            hash.update(Varint.encode(UInt64(part.count)))
            hash.update(part)
        }
        self.init(bytes: hash.finalize())!  // a SHA-256 digest has 32 bytes
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        let words = (
            self.words.0.bigEndian, self.words.1.bigEndian, self.words.2.bigEndian, self.words.3.bigEndian
        )
        return withUnsafeBytes(of: words) { Array($0) }
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { Multibase.hex(self.bytes) }

    public var description: String { self.hex }

    public static func == (a: OperationID, b: OperationID) -> Bool {
        a.words == b.words
    }

    public static func < (a: OperationID, b: OperationID) -> Bool {
        a.words < b.words
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
        hasher.combine(self.words.2)
        hasher.combine(self.words.3)
    }
}

/// A space is named by its genesis.
public typealias SpaceID = OperationID
/// A channel is named by the operation that made it.
public typealias ChannelID = OperationID
