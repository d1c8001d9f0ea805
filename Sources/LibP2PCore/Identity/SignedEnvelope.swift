import DescordCrypto

/// A payload signed under a domain (libp2p RFC 0002, "Signed Envelopes").
///
/// What a decoder returns has not been verified; `verifiedPayload(domain:)` is the only way to the payload's
/// meaning. Only Ed25519 signers are supported.
public struct SignedEnvelope: Hashable, Sendable {
    /// Why an envelope was refused.
    public enum Failure: Error, Equatable, Sendable {
        /// Not a protobuf envelope, or fields are missing.
        case malformed
        /// Its bytes are not its own canonical encoding.
        case notCanonical
        /// The signer is not an Ed25519 key, or of small order.
        case unsupportedKey
        /// The signature does not verify under the domain.
        case badSignature
    }

    /// The signer.
    public let publicKey: Ed25519.PublicKey
    /// What the payload is, as the protocol that made it says.
    public let payloadType: [UInt8]
    /// The signed bytes.
    public let payload: [UInt8]
    /// The signature, 64 bytes.
    public let signature: [UInt8]

    /// Signs `payload`.
    public init(signing payload: [UInt8], type: [UInt8], domain: String, by key: Ed25519.PrivateKey) {
        self.publicKey = key.publicKey
        self.payloadType = type
        self.payload = payload
        self.signature = key.signature(for: Self.signedBytes(domain: domain, type: type, payload: payload))
    }

    /// Decodes an envelope that must equal its own canonical encoding.
    public init(decoding bytes: [UInt8]) throws(Failure) {
        guard let message = PBEnvelope(octets: bytes), message.hasPublicKey, message.hasPayloadType,
            message.hasPayload, message.hasSignature
        else { throw .malformed }
        guard let key = PublicKey(encoded: message.publicKey.octets) else { throw .malformed }
        guard let ed25519 = key.ed25519 else { throw .unsupportedKey }
        self.publicKey = ed25519
        self.payloadType = message.payloadType.octets
        self.payload = message.payload.octets
        self.signature = message.signature.octets
        guard self.signature.count == Ed25519.signatureSize else { throw .malformed }
        guard self.encoded == bytes else { throw .notCanonical }
    }

    /// The canonical protobuf form.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.payload.count + self.payloadType.count + 128)
        func append(_ field: UInt8, _ value: [UInt8]) {
            bytes.append(field << 3 | 2)
            Varint.append(UInt64(value.count), to: &bytes)
            bytes.append(contentsOf: value)
        }
        append(1, PublicKey(self.publicKey).encoded)
        append(2, self.payloadType)
        append(3, self.payload)
        append(5, self.signature)
        return bytes
    }

    /// The peer that signed.
    public var signer: PeerID { PeerID(self.publicKey) }

    /// Returns whether the signature is good under `domain`.
    public func isValid(domain: String) -> Bool {
        self.publicKey.isValid(
            signature: self.signature,
            for: Self.signedBytes(domain: domain, type: self.payloadType, payload: self.payload))
    }

    private static func signedBytes(domain: String, type: [UInt8], payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(domain.utf8.count + type.count + payload.count + 12)
        for part in [Array(domain.utf8), type, payload] {
            Varint.append(UInt64(part.count), to: &bytes)
            bytes.append(contentsOf: part)
        }
        return bytes
    }
}
