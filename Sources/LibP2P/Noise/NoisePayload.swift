import DescordCrypto
import LibP2PCore

/// What handshake messages 2 and 3 carry: the identity, its signature over the static key, and the muxers on
/// offer (libp2p specs, "noise", "The libp2p Handshake Payload").
struct NoisePayload {
    /// In front of the static key in what the identity signs.
    private static let signaturePrefix = Array("noise-libp2p-static-key:".utf8)
    /// Longer lists of muxers are taken for none, as other implementations do.
    static let maxMuxerCount = 100

    /// Who says so.
    let peer: PeerID
    /// The stream muxers on offer, most wanted first; empty when the peer does not negotiate them early.
    let muxers: [String]

    /// Returns the payload by which `identity` vouches for `staticKey`.
    static func encoded(identity: Ed25519.PrivateKey, staticKey: [UInt8], muxers: [String]) -> [UInt8] {
        var message = PBNoiseHandshakePayload()
        message.identityKey = .init(octets: PublicKey(identity.publicKey).encoded)
        message.identitySig = .init(octets: identity.signature(for: Self.signaturePrefix + staticKey))
        if !muxers.isEmpty {
            message.extensions.streamMuxers = muxers
        }
        return message.octets
    }

    /// Reads a payload and verifies that its identity vouches for `staticKey`. Unknown fields are ignored.
    init(verifying bytes: [UInt8], staticKey: [UInt8]) throws(NoiseFailure) {
        guard let message = PBNoiseHandshakePayload(octets: bytes), message.hasIdentityKey,
            message.hasIdentitySig,
            let key = PublicKey(encoded: message.identityKey.octets)
        else { throw .malformedPayload }
        guard let ed25519 = key.ed25519 else { throw .unsupportedKey }
        guard
            ed25519.isValid(signature: message.identitySig.octets, for: Self.signaturePrefix + staticKey)
        else { throw .badSignature }
        self.peer = PeerID(key)
        let muxers = message.extensions.streamMuxers
        self.muxers = muxers.count <= Self.maxMuxerCount ? muxers : []
    }
}
