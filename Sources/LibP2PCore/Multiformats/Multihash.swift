import DescordCrypto

/// A self-describing digest (multiformats `multihash`): code, length, digest.
public struct Multihash: Hashable, Sendable {
    /// The hash functions that peer ids use.
    public enum Code: UInt64, Sendable {
        case identity = 0x00
        case sha256 = 0x12
    }

    /// What hash it is.
    public let code: Code
    /// The digest: 32 bytes for SHA-256, any length for identity.
    public let digest: [UInt8]

    /// Returns nil when the digest's size does not fit its function.
    public init?(code: Code, digest: [UInt8]) {
        guard code == .identity || digest.count == SHA256.size else { return nil }
        self.code = code
        self.digest = digest
    }

    /// Reads a multihash that takes all of `bytes`.
    public init?(bytes: some Collection<UInt8>) {
        var reader = ByteReader(Array(bytes)[...])
        guard let code = reader.varint().flatMap(Code.init(rawValue:)), let length = reader.varint(),
            let digest = reader.bytes(length), reader.isAtEnd
        else { return nil }
        self.init(code: code, digest: Array(digest))
    }

    /// The binary form.
    public var bytes: [UInt8] {
        Varint.encode(self.code.rawValue) + Varint.encode(UInt64(self.digest.count)) + self.digest
    }
}
