import DescordCrypto
import LibP2PCore

/// The name of a file's content: SHA-256 of its bytes.
public struct FileHash: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// Reads a hash; nil unless `bytes` are 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == SHA256.size else { return nil }
        self.bytes = Array(bytes)
    }

    /// Returns the hash of a file's bytes.
    public init(of content: some Collection<UInt8>) {
        self.bytes = SHA256.hash(content)
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { Multibase.hex(self.bytes) }

    public var description: String { self.hex }

    public static func < (a: FileHash, b: FileHash) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}
