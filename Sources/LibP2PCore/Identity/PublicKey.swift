import DescordCrypto

/// A libp2p public key of any type, of which Ed25519 is the one that can be verified here
/// (libp2p specs, "Peer IDs", `PublicKey`).
public struct PublicKey: Hashable, Sendable {
    /// The key types of the specification, by their wire numbers.
    public enum KeyType: Int, Sendable {
        case rsa = 0
        case ed25519 = 1
        case secp256k1 = 2
        case ecdsa = 3
    }

    /// The largest encoded key: an RSA key of 8192 bits with room to spare.
    public static let maxEncodedSize = 2_048

    /// The key's type.
    public let type: KeyType
    /// The key as its type encodes it: 32 bytes for Ed25519.
    public let data: [UInt8]

    public init(_ key: Ed25519.PublicKey) {
        self.type = .ed25519
        self.data = key.bytes
    }

    /// Reads the protobuf form; nil when it is not the one canonical encoding of a known type.
    public init?(encoded: some Collection<UInt8>) {
        guard encoded.count <= Self.maxEncodedSize else { return nil }
        let bytes = Array(encoded)
        // Nearly all: one for every operation and message that comes.
        if bytes.count == Self.ed25519Prefix.count + Ed25519.PublicKey.size,
            bytes.starts(with: Self.ed25519Prefix)
        {
            self.type = .ed25519
            self.data = Array(bytes.dropFirst(Self.ed25519Prefix.count))
            return
        }
        guard let message = PBPublicKey(octets: bytes), message.hasType, message.hasData,
            let type = KeyType(rawValue: message.type.rawValue)
        else { return nil }
        let data = message.data.octets
        guard type != .ed25519 || data.count == Ed25519.PublicKey.size else { return nil }
        self.type = type
        self.data = data
        guard self.encoded == bytes else { return nil }
    }

    /// What stands in front of an Ed25519 key's 32 bytes.
    private static let ed25519Prefix: [UInt8] = [0x08, UInt8(KeyType.ed25519.rawValue), 0x12, 32]

    /// The deterministic protobuf form: tag order, minimal varints, both fields present; 36 bytes for
    /// Ed25519.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = [0x08, UInt8(self.type.rawValue), 0x12]
        Varint.append(UInt64(self.data.count), to: &bytes)
        return bytes + self.data
    }

    /// The key, when it is an Ed25519 key.
    public var ed25519: Ed25519.PublicKey? {
        self.type == .ed25519 ? Ed25519.PublicKey(self.data) : nil
    }
}
