import LibP2PCore

/// Why a Noise handshake or transport ended; the connection is closed at once and nothing of it is believed.
public enum NoiseFailure: Error, Equatable, Sendable {
    /// A handshake message is too short for its keys, or above `NoiseHandshake.maxMessageSize`.
    case malformedMessage
    /// A Diffie-Hellman result was all zero: the peer sent a point of small order.
    case smallOrderKey
    /// A tag did not verify.
    case badTag
    /// The handshake payload is not the protobuf message that it should be.
    case malformedPayload
    /// The identity key is of a type that cannot be verified here.
    case unsupportedKey
    /// The identity key did not sign the static key.
    case badSignature
    /// Somebody else answered.
    case unexpectedPeer(PeerID)
    /// Both sides offered stream muxers early and share none.
    case noSharedMuxer
    /// A transport frame is shorter than a tag.
    case frameTooShort
    /// A message arrived in a state that expects none.
    case unexpectedMessage
    /// 2⁶⁴ − 1 messages were sealed or opened under one key.
    case nonceExhausted
}
