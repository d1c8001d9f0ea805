import DescordCrypto
import LibP2PCore

/// The one request of a stream of `/descord/files/1.0.0`, 104 bytes:
/// nonce (32) ‖ blinded space (32) ‖ hash (32) ‖ offset (8, big-endian).
///
/// The space is named as in `/descord/sync/1.0.0`, so that nobody learns by asking which spaces a peer holds.
struct FileRequest: Equatable {
    /// Bytes of a request.
    static let size = 104
    /// The domain of the blinded space.
    private static let domain = "descord-files-v1"

    var nonce: [UInt8]
    var blinded: [UInt8]
    var hash: FileHash
    /// The first byte that is wanted; the size of the file, when none is.
    var offset: UInt64

    /// Asks for a file of a space; `nonce` is 32 unpredictable bytes.
    init(
        space: SpaceID, hash: FileHash, offset: Int, initiator: Ed25519.PublicKey,
        responder: Ed25519.PublicKey, nonce: [UInt8]
    ) {
        precondition(nonce.count == 32, "a nonce of 32 bytes")
        self.nonce = nonce
        self.blinded = Self.blinded(space, initiator: initiator, responder: responder, nonce: nonce)
        self.hash = hash
        self.offset = UInt64(offset)
    }

    /// Reads a request; nil unless `bytes` are 104.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count == Self.size, let hash = FileHash(bytes: bytes[64..<96]) else { return nil }
        self.nonce = Array(bytes[..<32])
        self.blinded = Array(bytes[32..<64])
        self.hash = hash
        self.offset = FileAnswer.number(bytes[96...])
    }

    var encoded: [UInt8] {
        self.nonce + self.blinded + self.hash.bytes + FileAnswer.bytes(self.offset)
    }

    /// Returns SHA-256("descord-files-v1" ‖ space ‖ initiator ‖ responder ‖ nonce), keys as 32 bytes each.
    static func blinded(
        _ space: SpaceID, initiator: Ed25519.PublicKey, responder: Ed25519.PublicKey, nonce: [UInt8]
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update(Array(self.domain.utf8))
        hash.update(space.bytes)
        hash.update(initiator.bytes)
        hash.update(responder.bytes)
        hash.update(nonce)
        return hash.finalize()
    }
}

/// What stands on the stream besides the request and the file's bytes.
enum FileAnswer {
    /// The whole answer to an unknown space, to a stranger, and when the file is not here.
    static let absent: UInt8 = 0
    /// The file's size follows (8, big-endian), then its bytes from the offset on.
    static let follows: UInt8 = 1
    /// Bytes of an answer before the file's own.
    static let headSize = 9
    /// The initiator's last word: the whole file is durably stored.
    static let kept: UInt8 = 1

    static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Why a stream of files ended early; each resets it.
public enum FileFailure: Error, Hashable, Sendable {
    /// Bytes that are no request, no answer or no last word.
    case malformed
    /// More bytes than were announced, or bytes when it was not the peer's turn.
    case unexpected
    /// Another size than the message says.
    case wrongSize
    /// The bytes are not those of the hash.
    case wrongHash
    /// The stream ended in the middle.
    case cut
    /// What is being sent is not here any more.
    case gone
}
