import DescordCrypto

/// The name of a libp2p peer: the multihash of its public key (libp2p specs, "Peer IDs").
///
/// Ordered by its bytes, so that peers can be sorted where an order must not change between processes.
public struct PeerID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Encoded keys up to this many bytes are their own peer id (identity multihash).
    static let maxInlineKeySize = 42
    /// Multicodec of a libp2p key in a CIDv1.
    private static let libp2pKeyCodec: UInt64 = 0x72

    /// The multihash, as it goes on the wire: 38 bytes for an Ed25519 key.
    public let bytes: [UInt8]
    /// Of the bytes, by this process's secret; peers are looked up all the time.
    private let hash: Int

    private init(multihash bytes: [UInt8]) {
        self.bytes = bytes
        self.hash = bytes.hashValue
    }

    /// Reads the binary form: an identity multihash of a public key, or a SHA-256 multihash.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count <= 2 + Self.maxInlineKeySize, let hash = Multihash(bytes: bytes) else { return nil }
        if hash.code == .identity, PublicKey(encoded: hash.digest) == nil { return nil }
        self.init(multihash: hash.bytes)
    }

    /// Derives the peer id of an encoded public key.
    public init(_ key: PublicKey) {
        let encoded = key.encoded
        let hash =
            encoded.count <= Self.maxInlineKeySize
            ? Multihash(code: .identity, digest: encoded)
            : Multihash(code: .sha256, digest: SHA256.hash(encoded))
        self.init(multihash: hash!.bytes)
    }

    /// Derives the peer id of an Ed25519 key.
    public init(_ key: Ed25519.PublicKey) {
        self.init(PublicKey(key))
    }

    /// Parses either text form: base58btc (`12D3Koo…`, `Qm…`) or a multibase CIDv1 of a libp2p key.
    public init?(parsing text: some StringProtocol) {
        if text.hasPrefix("1") || text.hasPrefix("Qm") {
            guard let bytes = Multibase.decodeBase58(text) else { return nil }
            self.init(bytes: bytes)
        } else {
            guard let bytes = Multibase.decode(text) else { return nil }
            var reader = ByteReader(bytes[...])
            guard reader.varint() == 1, reader.varint() == Self.libp2pKeyCodec else { return nil }
            self.init(bytes: reader.rest)
        }
    }

    /// The key, when the id holds it (every Ed25519 peer).
    public var publicKey: PublicKey? {
        guard let hash = Multihash(bytes: self.bytes), hash.code == .identity else { return nil }
        return PublicKey(encoded: hash.digest)
    }

    /// The Ed25519 key, when it is one.
    public var ed25519: Ed25519.PublicKey? {
        self.publicKey?.ed25519
    }

    /// Base58btc.
    public var description: String {
        Multibase.base58(self.bytes)
    }

    public static func == (a: PeerID, b: PeerID) -> Bool {
        a.hash == b.hash && a.bytes == b.bytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.hash)
    }

    public static func < (a: PeerID, b: PeerID) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}
