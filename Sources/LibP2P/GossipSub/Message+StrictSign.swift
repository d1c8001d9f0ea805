import DescordCrypto
import LibP2PCore

/// Why a message fails the StrictSign policy (libp2p specs "pubsub", "Message signing").
public enum StrictSignFailure: Hashable, Sendable {
    /// `from` is absent or not a peer id.
    case malformedAuthor
    /// `seqno` is not exactly 8 bytes.
    case malformedSequenceNumber
    /// There is no signature.
    case missingSignature
    /// `key` is there and does not hash to `from`.
    case keyMismatch
    /// The author's key is of a kind that cannot be verified here: nobody's fault, so never a reason to
    /// punish.
    case unsupportedKey
    /// The signature does not verify.
    case badSignature
}

extension Message {
    /// What every signature starts with.
    static let signatureDomain = Array("libp2p-pubsub:".utf8)
    /// How the peer id of an Ed25519 key begins: identity multihash, 36 bytes, key type 1, 32 bytes of key.
    private static let ed25519Prefix: [UInt8] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]

    /// Makes a complete message of `key`'s peer; the key itself is left out, as the peer id holds it.
    public static func signed(
        topic: Topic, data: [UInt8], seqno: UInt64, by key: Ed25519.PrivateKey
    ) -> Message {
        let from = PeerID(key.publicKey).bytes
        let number = (0..<8).map { UInt8(truncatingIfNeeded: seqno >> (56 - 8 * UInt64($0))) }
        let draft = Message(from: from, data: data, seqno: number, topic: topic)
        return Message(
            from: from, data: data, seqno: number, topic: topic,
            signature: key.signature(for: draft.signedBytes))
    }

    /// The verification key, when `from` is the peer id of an Ed25519 key; far cheaper than `author`.
    package var ed25519Author: Ed25519.PublicKey? {
        guard let from = self.from, from.count == 38, from.starts(with: Self.ed25519Prefix) else {
            return nil
        }
        return Ed25519.PublicKey(from[6...])
    }

    /// What of StrictSign can be told without verifying the signature; nil when nothing is wrong.
    public var strictSignForm: StrictSignFailure? {
        guard let from = self.from else { return .malformedAuthor }
        guard let seqno = self.seqno, seqno.count == 8 else { return .malformedSequenceNumber }
        guard let signature = self.signature else { return .missingSignature }
        if self.ed25519Author != nil {
            if let key = self.key, !key.elementsEqual(from[2...]) { return .keyMismatch }
            return signature.count == Ed25519.signatureSize ? nil : .badSignature
        }
        guard let author = PeerID(bytes: from) else { return .malformedAuthor }
        if let key = self.key {
            guard let publicKey = PublicKey(encoded: key), PeerID(publicKey) == author else {
                return .keyMismatch
            }
        }
        return .unsupportedKey
    }

    /// Verifies the message under StrictSign; nil when it is good. A pure function, for any thread.
    public func verify() -> StrictSignFailure? {
        if let failure = self.strictSignForm { return failure }
        guard let key = self.ed25519Author, let signature = self.signature else { return .unsupportedKey }
        return key.isValid(signature: signature, for: self.signedBytes) ? nil : .badSignature
    }

    /// Whether the message is good under StrictSign.
    public var isSignatureValid: Bool {
        self.verify() == nil
    }
}
