import DescordCrypto
import LibP2PCore

/// The handshake of libp2p's Noise: pattern XX, identities in the payloads, muxers negotiated on the way.
///
/// ```
/// initiator                          responder
///     │ 1: e                             │
///     ├─────────────────────────────────►│
///     │ 2: e, ee, s, es, identity        │
///     │◄─────────────────────────────────┤
///     │ 3: s, se, identity               │
///     ├─────────────────────────────────►│
/// ```
/// Messages go in and out without their two length bytes.
package struct NoiseHandshake: ~Copyable {
    /// Who speaks first.
    package enum Role: Sendable { case initiator, responder }

    /// What a message came to.
    package enum Step {
        /// This message is the answer.
        case send([UInt8])
        /// The peer is authenticated; the initiator has a last message to send.
        case complete(Outcome, send: [UInt8]?)
        /// The connection is to be closed.
        case failed(NoiseFailure)
    }

    /// What a complete handshake leaves behind.
    package struct Outcome {
        /// The authenticated peer.
        package let peer: PeerID
        /// The handshake hash `h`, the same on both sides and in no other connection.
        package let handshakeHash: [UInt8]
        /// The peer's Noise static key, 32 bytes, which its identity signed.
        package let remoteStaticKey: [UInt8]
        /// The muxer agreed on the way, nil when it is to be negotiated afterwards.
        package let muxer: String?
        /// Seals what is sent.
        package let sendKey: SecretBytes
        /// Opens what is received.
        package let receiveKey: SecretBytes
    }

    /// The longest handshake message that is read: two keys, two tags and a payload with room for certificate
    /// hashes.
    package static let maxMessageSize = 16_384

    private enum State { case start, awaitingMessage1, awaitingMessage2, awaitingMessage3, ended }

    private let role: Role
    private let identity: Ed25519.PrivateKey
    private let expectedPeer: PeerID?
    private let muxers: [String]
    private let staticKey: X25519.PrivateKey
    private let ephemeral: X25519.PrivateKey
    private var state: State
    private var symmetric = NoiseSymmetricState()
    private var remoteEphemeral: [UInt8] = []

    /// Takes fresh keys: `staticKey` for this process or connection, `ephemeral` for this connection alone.
    /// An empty `muxers` leaves the muxer to multistream-select.
    package init(
        role: Role, identity: Ed25519.PrivateKey, expectedPeer: PeerID?, muxers: [String],
        staticKey: X25519.PrivateKey, ephemeral: X25519.PrivateKey
    ) {
        self.role = role
        self.identity = identity
        self.expectedPeer = expectedPeer
        self.muxers = muxers
        self.staticKey = staticKey
        self.ephemeral = ephemeral
        self.state = role == .initiator ? .start : .awaitingMessage1
    }

    /// Returns message 1, which only the initiator sends, once.
    package mutating func start() -> [UInt8] {
        precondition(self.state == .start, "only an initiator starts, and once")
        self.state = .awaitingMessage2
        self.symmetric.mixHash(self.ephemeral.publicKey)
        // The payload is empty and is hashed all the same.
        return self.ephemeral.publicKey + self.symmetric.encryptAndHash([])
    }

    /// Takes the peer's next message.
    package mutating func received(_ message: ArraySlice<UInt8>) -> Step {
        let state = self.state
        self.state = .ended
        do {
            switch state {
            case .awaitingMessage1:
                return .send(try self.message1Received(message))
            case .awaitingMessage2:
                let (outcome, answer) = try self.message2Received(message)
                return .complete(outcome, send: answer)
            case .awaitingMessage3:
                return .complete(try self.message3Received(message), send: nil)
            case .start, .ended:
                return .failed(.unexpectedMessage)
            }
        } catch {
            return .failed(error)
        }
    }

    // MARK: - Messages

    private mutating func message1Received(_ message: ArraySlice<UInt8>) throws(NoiseFailure) -> [UInt8] {
        var rest = message
        try self.readEphemeral(&rest)
        // A payload here is neither secret nor authentic: it is hashed and ignored.
        guard self.symmetric.decryptAndHash(rest) != nil else { throw .badTag }

        self.symmetric.mixHash(self.ephemeral.publicKey)
        var answer = self.ephemeral.publicKey
        try self.mix(self.ephemeral, self.remoteEphemeral)
        answer += self.symmetric.encryptAndHash(self.staticKey.publicKey)
        try self.mix(self.staticKey, self.remoteEphemeral)
        answer += self.symmetric.encryptAndHash(self.payload())
        self.state = .awaitingMessage3
        return answer
    }

    private mutating func message2Received(
        _ message: ArraySlice<UInt8>
    ) throws(NoiseFailure) -> (Outcome, [UInt8]) {
        var rest = message
        try self.readEphemeral(&rest)
        try self.mix(self.ephemeral, self.remoteEphemeral)
        let remoteStatic = try self.readStatic(&rest)
        try self.mix(self.ephemeral, remoteStatic)
        let payload = try self.readPayload(rest, staticKey: remoteStatic)
        let muxer = try self.sharedMuxer(with: payload.muxers)

        var answer = self.symmetric.encryptAndHash(self.staticKey.publicKey)
        try self.mix(self.staticKey, self.remoteEphemeral)
        answer += self.symmetric.encryptAndHash(self.payload())
        return (self.outcome(peer: payload.peer, remoteStatic: remoteStatic, muxer: muxer), answer)
    }

    private mutating func message3Received(_ message: ArraySlice<UInt8>) throws(NoiseFailure) -> Outcome {
        var rest = message
        let remoteStatic = try self.readStatic(&rest)
        try self.mix(self.ephemeral, remoteStatic)
        let payload = try self.readPayload(rest, staticKey: remoteStatic)
        let muxer = try self.sharedMuxer(with: payload.muxers)
        return self.outcome(peer: payload.peer, remoteStatic: remoteStatic, muxer: muxer)
    }

    // MARK: - Tokens

    private mutating func readEphemeral(_ rest: inout ArraySlice<UInt8>) throws(NoiseFailure) {
        guard rest.count >= X25519.size else { throw .malformedMessage }
        self.remoteEphemeral = Array(rest.prefix(X25519.size))
        rest = rest.dropFirst(X25519.size)
        self.symmetric.mixHash(self.remoteEphemeral)
    }

    private mutating func readStatic(_ rest: inout ArraySlice<UInt8>) throws(NoiseFailure) -> [UInt8] {
        let size = X25519.size + ChaCha20Poly1305.tagSize
        guard rest.count >= size else { throw .malformedMessage }
        guard let key = self.symmetric.decryptAndHash(rest.prefix(size)) else { throw .badTag }
        rest = rest.dropFirst(size)
        return key
    }

    private mutating func readPayload(
        _ rest: ArraySlice<UInt8>, staticKey: [UInt8]
    ) throws(NoiseFailure) -> NoisePayload {
        guard let bytes = self.symmetric.decryptAndHash(rest) else { throw .badTag }
        let payload = try NoisePayload(verifying: bytes, staticKey: staticKey)
        if let expected = self.expectedPeer, expected != payload.peer { throw .unexpectedPeer(payload.peer) }
        return payload
    }

    private mutating func mix(_ key: X25519.PrivateKey, _ point: [UInt8]) throws(NoiseFailure) {
        guard let shared = key.sharedSecret(with: point) else { throw .smallOrderKey }
        self.symmetric.mixKey(shared)
    }

    private func payload() -> [UInt8] {
        NoisePayload.encoded(
            identity: self.identity, staticKey: self.staticKey.publicKey, muxers: self.muxers)
    }

    /// The first of the initiator's muxers that the responder has as well; nil unless both offered some.
    private func sharedMuxer(with remote: [String]) throws(NoiseFailure) -> String? {
        guard !self.muxers.isEmpty, !remote.isEmpty else { return nil }
        let (first, second) = self.role == .initiator ? (self.muxers, remote) : (remote, self.muxers)
        guard let shared = first.first(where: { second.contains($0) }) else { throw .noSharedMuxer }
        return shared
    }

    private func outcome(peer: PeerID, remoteStatic: [UInt8], muxer: String?) -> Outcome {
        let keys = self.symmetric.split()
        return Outcome(
            peer: peer, handshakeHash: self.symmetric.hash, remoteStaticKey: remoteStatic, muxer: muxer,
            sendKey: self.role == .initiator ? keys.initiator : keys.responder,
            receiveKey: self.role == .initiator ? keys.responder : keys.initiator)
    }
}
