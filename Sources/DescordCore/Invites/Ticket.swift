import DescordCrypto
import LibP2PCore

/// Why a text is no ticket.
public enum TicketFailure: Error, Hashable, Sendable {
    /// It does not begin with `descord1`.
    case notATicket
    /// Its checksum, its signature or its content is wrong: characters are missing or changed.
    case damaged
    /// Made by a later version.
    case unsupportedVersion
}

/// What a member hands to somebody who shall join: a line of text, `descord1…`.
///
/// Holds the private key of the invite, so it is a secret: never logged, never in the history of the REPL.
public struct Ticket: Sendable {
    /// The text's prefix.
    public static let prefix = "descord"
    /// The envelope's domain.
    public static let domain = "descord-ticket-v1"
    /// The envelope's payload type.
    public static let payloadType = Array("/descord/ticket".utf8)
    /// The longest text that is read: five peers with eight long addresses each take 11 KiB of bytes.
    public static let maxTextSize = 65_536
    /// Addresses of one peer.
    public static let maxAddressCount = 8
    /// The inviter and four members who were seen lately.
    public static let maxPeerCount = 5

    private static let version: UInt32 = 1

    /// Somebody to ask.
    public struct Peer: Hashable, Sendable {
        public var id: PeerID
        /// At most 8 are kept.
        public var addresses: [Multiaddr]

        public init(id: PeerID, addresses: [Multiaddr]) {
            self.id = id
            self.addresses = addresses
        }
    }

    /// The space.
    public let space: SpaceID
    /// What the inviter's home calls it; to be shown only when it parses as a `SpaceName`.
    public let spaceName: String
    /// The invite create operation.
    public let invite: OperationID
    /// The seed of the invite's key, 32 bytes.
    public let seed: SecretBytes
    /// The inviter first, then others.
    public let peers: [Peer]
    /// Who signed it.
    public let inviter: Ed25519.PublicKey
    private let envelope: [UInt8]

    /// Makes a ticket; `peers` are the inviter and then members seen lately, of whom 4 are kept.
    public init(
        space: SpaceID, spaceName: String, invite: OperationID, key: Ed25519.PrivateKey, peers: [Peer],
        signedBy inviter: Ed25519.PrivateKey
    ) {
        precondition(spaceName.utf8.count <= PayloadLimits.maxNameSize, "a name of at most 256 bytes")
        var message = PBTicket()
        message.version = Self.version
        message.space = .init(octets: space.bytes)
        message.spaceName = spaceName
        message.invite = .init(octets: invite.bytes)
        message.key = .init(octets: key.seed.withBytes { Array($0) })
        self.peers = peers.prefix(Self.maxPeerCount).map {
            Peer(id: $0.id, addresses: Array($0.addresses.prefix(Self.maxAddressCount)))
        }
        message.peers = self.peers.map { peer in
            var entry = PBTicket.Peer()
            entry.id = .init(octets: peer.id.bytes)
            entry.addresses = peer.addresses.map { .init(octets: $0.bytes) }
            return entry
        }
        self.space = space
        self.spaceName = spaceName
        self.invite = invite
        self.seed = key.seed
        self.inviter = inviter.publicKey
        self.envelope =
            SignedEnvelope(signing: message.octets, type: Self.payloadType, domain: Self.domain, by: inviter)
            .encoded
    }

    /// Parses a ticket; white space around it is ignored. Addresses of unknown kinds are dropped.
    public init(parsing text: some StringProtocol) throws(TicketFailure) {
        let scalars = text.unicodeScalars.drop(while: \.properties.isWhitespace)
        var trimmed = String(String.UnicodeScalarView(scalars))
        while let last = trimmed.unicodeScalars.last, last.properties.isWhitespace {
            trimmed.unicodeScalars.removeLast()
        }
        guard trimmed.lowercased().hasPrefix(Self.prefix + "1") else { throw .notATicket }
        guard trimmed.utf8.count <= Self.maxTextSize,
            let bytes = Bech32m.decode(trimmed, prefix: Self.prefix),
            let envelope = try? SignedEnvelope(decoding: bytes),  // any failure means a damaged ticket
            envelope.payloadType == Self.payloadType, envelope.publicKey.isMainSubgroupPoint,
            envelope.isValid(domain: Self.domain), let message = PBTicket(octets: envelope.payload)
        else { throw .damaged }
        guard message.version == Self.version else { throw .unsupportedVersion }
        let seed = SecretBytes(message.key.octets)
        guard let space = SpaceID(bytes: message.space.octets),
            let invite = OperationID(bytes: message.invite.octets), seed.count == 32,
            message.hasSpaceName, message.spaceName.utf8.count <= PayloadLimits.maxNameSize,
            message.peers.count <= Self.maxPeerCount
        else { throw .damaged }
        self.space = space
        self.spaceName = message.spaceName
        self.invite = invite
        self.seed = seed
        self.inviter = envelope.publicKey
        self.envelope = bytes
        self.peers = message.peers.compactMap { entry in
            guard let id = PeerID(bytes: entry.id.octets) else { return nil }
            return Peer(
                id: id,
                addresses: entry.addresses.prefix(Self.maxAddressCount).compactMap {
                    Multiaddr(bytes: $0.octets)
                })
        }
    }

    /// The key that proves the possession of the ticket.
    public var key: Ed25519.PrivateKey {
        guard let key = Ed25519.PrivateKey(seed: self.seed) else {
            preconditionFailure("the seed has 32 bytes")
        }
        return key
    }

    /// The line to hand over. Not a `description`, so that no log prints it by accident.
    public var text: String { Bech32m.encode(self.envelope, prefix: Self.prefix) }
}
