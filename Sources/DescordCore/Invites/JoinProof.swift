import DescordCrypto

/// What the ticket's key signs: once for the connection that a newcomer joins over, once for its `member
/// join`.
///
/// Both name the joiner's key, so that neither can be used under another key, and the first names the
/// connection, so that it cannot be used by whoever saw it.
public enum JoinProof {
    /// The domain in front of both.
    public static let domain = "descord-join-v1"

    /// Returns the signature for the opening of a connection with this Noise handshake hash (32 bytes).
    public static func forConnection(
        space: SpaceID, invite: OperationID, joiner: Ed25519.PublicKey, handshakeHash: [UInt8],
        by ticketKey: Ed25519.PrivateKey
    ) -> [UInt8] {
        ticketKey.signature(for: self.message(space, invite, joiner) + handshakeHash)
    }

    /// Returns the signature for the `member join` operation.
    public static func forOperation(
        space: SpaceID, invite: OperationID, joiner: Ed25519.PublicKey, by ticketKey: Ed25519.PrivateKey
    ) -> [UInt8] {
        ticketKey.signature(for: self.message(space, invite, joiner))
    }

    /// Returns whether `signature` opens a connection with this handshake hash.
    public static func isValid(
        _ signature: [UInt8], space: SpaceID, invite: OperationID, joiner: Ed25519.PublicKey,
        handshakeHash: [UInt8], key: Ed25519.PublicKey
    ) -> Bool {
        handshakeHash.count == 32
            && key.isValid(signature: signature, for: self.message(space, invite, joiner) + handshakeHash)
    }

    /// Returns whether a `member join` operation carries the signature of this invite for its own author.
    public static func isValid(_ operation: Operation, key: Ed25519.PublicKey) -> Bool {
        guard let join = operation.payload(MemberJoin.self), let invite = join.invite,
            let signature = join.signature
        else { return false }
        return key.isValid(
            signature: signature, for: self.message(operation.space, invite, operation.author))
    }

    private static func message(
        _ space: SpaceID, _ invite: OperationID, _ joiner: Ed25519.PublicKey
    ) -> [UInt8] {
        Array(self.domain.utf8) + space.bytes + invite.bytes + joiner.bytes
    }
}
