import DescordCrypto

/// A peer's own statement of its addresses (libp2p RFC 0003; domain and type as deployed code has them).
public struct PeerRecord: Hashable, Sendable {
    /// The envelope's domain.
    public static let domain = "libp2p-peer-record"
    /// The envelope's payload type.
    public static let payloadType: [UInt8] = [0x03, 0x01]
    /// The most addresses that are kept of a record; the rest are dropped.
    public static let maxAddressCount = 64
    /// The largest envelope that is decoded.
    public static let maxEnvelopeSize = 16_384

    /// Whose addresses.
    public let peer: PeerID
    /// Greater numbers replace smaller ones.
    public let sequence: UInt64
    /// Where the peer says that it listens; unknown kinds of address were dropped.
    public let addresses: [Multiaddr]

    public init(peer: PeerID, sequence: UInt64, addresses: [Multiaddr]) {
        self.peer = peer
        self.sequence = sequence
        self.addresses = addresses
    }

    /// Opens a signed record: the signature must be good and the signer must be the peer that it names.
    public init?(envelope bytes: [UInt8]) {
        guard bytes.count <= Self.maxEnvelopeSize,
            let envelope = try? SignedEnvelope(decoding: bytes),  // any failure means no record
            envelope.payloadType == Self.payloadType, envelope.isValid(domain: Self.domain),
            let message = PBPeerRecord(octets: envelope.payload),
            let peer = PeerID(bytes: message.peerID.octets), peer == envelope.signer
        else { return nil }
        self.peer = peer
        self.sequence = message.seq
        self.addresses = message.addresses.prefix(Self.maxAddressCount).compactMap {
            Multiaddr(bytes: $0.multiaddr.octets)
        }
    }

    /// Returns the signed envelope, encoded.
    public func sealed(by key: Ed25519.PrivateKey) -> [UInt8] {
        var message = PBPeerRecord()
        message.peerID = .init(octets: self.peer.bytes)
        message.seq = self.sequence
        message.addresses = self.addresses.map { address in
            var info = PBPeerRecord.AddressInfo()
            info.multiaddr = .init(octets: address.bytes)
            return info
        }
        return SignedEnvelope(signing: message.octets, type: Self.payloadType, domain: Self.domain, by: key)
            .encoded
    }
}
