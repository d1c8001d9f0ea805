import DescordCrypto
import LibP2PCore

/// One signed change to a space.
///
/// Nobody holds one whose encoding, author's key, signature, shape, class and content hash were not checked.
/// What it means, and whether its author was allowed to, depends on the space's state and is not decided
/// here.
public struct Operation: Hashable, Sendable {
    /// The envelope's domain.
    public static let domain = "descord-op-v1"
    /// The envelope's payload type.
    public static let payloadType = Array("/descord/op".utf8)
    /// Bytes in a content's salt.
    public static let saltSize = 32
    /// Bytes in a content's hash.
    public static let contentHashSize = SHA256.size
    /// What a gossip RPC of 1,048,576 bytes needs around an operation: publish 4, from 40, data 4, seqno 10,
    /// topic
    /// 24, signature 66.
    public static let gossipOverhead = 148
    /// The largest encoded operation: it fits one gossip RPC exactly.
    public static let maxEncodedSize = 1_048_576 - Self.gossipOverhead

    /// Operations go through many queues and never change: a copy is one reference.
    private let storage: Storage

    /// The operation's name.
    public var id: OperationID { self.storage.id }
    /// Who signed it.
    public var author: Ed25519.PublicKey { self.storage.author }
    /// What was signed, decoded.
    public var header: OperationHeader { self.storage.header }
    /// The signed envelope as received: these bytes are stored, forwarded and exported.
    public var envelope: [UInt8] { self.storage.envelope }
    /// The 32 random bytes in front of the hashed content; nil in authority and mls operations and after
    /// deletion.
    public var salt: [UInt8]? { self.storage.salt }
    /// The content; nil in authority and mls operations and after deletion.
    public var content: [UInt8]? { self.storage.content }

    /// The space that it belongs to: for a genesis, itself.
    public var space: SpaceID { self.header.space ?? self.id }
    /// What it does.
    public var kind: OperationKind { self.header.kind }
    /// The class of its kind.
    public var operationClass: OperationClass { self.header.kind.operationClass }
    /// Whether this is the operation that made the space.
    public var isGenesis: Bool { self.header.kind == .spaceCreate }
    /// Whether content that the header names is missing: it was deleted somewhere.
    public var isHeaderOnly: Bool { self.operationClass == .content && self.content == nil }

    /// Decodes and verifies a `SignedOperation` as it was received.
    ///
    /// Whether a key lies in the main subgroup takes longer to check than a signature: `isKnownAuthor` says
    /// of which keys it is known, because an operation of theirs was verified before.
    public init(
        verifying bytes: [UInt8], isKnownAuthor: (Ed25519.PublicKey) -> Bool = { _ in false }
    ) throws(OperationFailure) {
        self = try UnverifiedOperation(decoding: bytes).verified(isKnownAuthor: isKnownAuthor)
    }

    /// Decodes and checks all but the signature, which is the returned envelope's; for `UnverifiedOperation`,
    /// which keeps both inside.
    static func decodingUnverified(
        _ bytes: [UInt8]
    ) throws(OperationFailure) -> (Operation, SignedEnvelope) {
        guard bytes.count <= Self.maxEncodedSize else { throw .tooLarge }
        guard let message = PBSignedOperation(octets: bytes), message.hasEnvelope else { throw .malformed }
        let salt = message.hasSalt ? message.salt.octets : nil
        let content = message.hasContent ? message.content.octets : nil
        let encoded = message.envelope.octets
        let envelope = try Self.decodeEnvelope(encoded)
        let operation = try Operation(envelope, encoded: encoded, salt: salt, content: content)
        guard operation.encoded == bytes else { throw .notCanonical }
        return (operation, envelope)
    }

    /// Decodes parts that were verified before they were stored: everything but the signature is checked
    /// again. Only for what this home's own database returned.
    public init(storedEnvelope envelope: [UInt8], salt: [UInt8]?, content: [UInt8]?) throws(OperationFailure)
    {
        try self.init(envelope: envelope, salt: salt, content: content)
    }

    /// Signs a header, after filling in the hash and size of `content`.
    ///
    /// Content operations take content and a salt of 32 unpredictable bytes, others neither. Throws what a
    /// receiver would: the author of text that is too long learns it here.
    public init(
        signing header: OperationHeader, content: [UInt8]? = nil, salt: [UInt8]? = nil,
        by key: Ed25519.PrivateKey
    ) throws(OperationFailure) {
        var header = header
        if let content, let salt {
            header.contentHash = Self.contentHash(salt: salt, content: content)
            header.contentSize = UInt64(content.count)
        }
        let envelope = SignedEnvelope(
            signing: header.encoded, type: Self.payloadType, domain: Self.domain, by: key)
        try self.init(envelope: envelope.encoded, salt: salt, content: content)
        guard self.operationClass != .content || self.content != nil else { throw .wrongContent }
        guard self.encodedSize <= Self.maxEncodedSize else { throw .tooLarge }
    }

    private init(
        envelope bytes: [UInt8], salt: [UInt8]?, content: [UInt8]?
    ) throws(OperationFailure) {
        try self.init(Self.decodeEnvelope(bytes), encoded: bytes, salt: salt, content: content)
    }

    private init(
        _ envelope: SignedEnvelope, encoded bytes: [UInt8], salt: [UInt8]?, content: [UInt8]?
    ) throws(OperationFailure) {
        let header = try OperationHeader(decoding: envelope.payload)
        try header.validateShape(size: envelope.payload.count)
        if let body = header.body { try OperationPayloads.validate(body: body, of: header.kind) }
        try Self.validate(salt: salt, content: content, against: header)
        self.storage = Storage(
            id: OperationID(author: envelope.publicKey, header: envelope.payload), author: envelope.publicKey,
            header: header, envelope: bytes, salt: salt, content: content)
    }

    private init(_ operation: Operation, salt: [UInt8]?, content: [UInt8]?) {
        self.storage = Storage(
            id: operation.id, author: operation.author, header: operation.header,
            envelope: operation.envelope, salt: salt, content: content)
    }

    /// The operation as it goes over the wire: an encoded `SignedOperation`.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.envelope.count + (self.content?.count ?? 0) + 64)
        func append(_ field: UInt8, _ value: [UInt8]) {
            bytes.append(field << 3 | 2)
            Varint.append(UInt64(value.count), to: &bytes)
            bytes.append(contentsOf: value)
        }
        append(1, self.envelope)
        if let salt { append(2, salt) }
        if let content { append(3, content) }
        return bytes
    }

    /// Bytes of `encoded`.
    public var encodedSize: Int {
        func size(_ count: Int) -> Int { 1 + Varint.size(of: UInt64(count)) + count }
        return size(self.envelope.count) + (self.salt.map { size($0.count) } ?? 0)
            + (self.content.map { size($0.count) } ?? 0)
    }

    /// The signed header's bytes, with fields that this version does not know.
    public var headerBytes: [UInt8] {
        guard let envelope = try? SignedEnvelope(decoding: self.envelope) else {
            preconditionFailure("the envelope was decoded when the operation was made")
        }
        return envelope.payload
    }

    /// The operation without salt and content: what remains after a deletion.
    public var headerOnly: Operation { Operation(self, salt: nil, content: nil) }

    /// Returns the hash that a header holds for a content: SHA-256(salt ‖ content).
    public static func contentHash(salt: [UInt8], content: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(salt)
        hash.update(content)
        return hash.finalize()
    }

    public static func == (a: Operation, b: Operation) -> Bool {
        a.id == b.id && a.envelope == b.envelope && a.salt == b.salt && a.content == b.content
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.id)
    }

    private static func decodeEnvelope(_ bytes: [UInt8]) throws(OperationFailure) -> SignedEnvelope {
        let envelope: SignedEnvelope
        do {
            envelope = try SignedEnvelope(decoding: bytes)
        } catch {
            switch error {
            case .malformed: throw .malformed
            case .notCanonical: throw .notCanonical
            case .unsupportedKey: throw .badKey
            case .badSignature: throw .badSignature
            }
        }
        guard envelope.payloadType == Self.payloadType else { throw .malformed }
        return envelope
    }

    private static func validate(
        salt: [UInt8]?, content: [UInt8]?, against header: OperationHeader
    ) throws(OperationFailure) {
        guard salt != nil || content != nil else { return }
        guard header.kind.operationClass == .content else { throw .wrongClass }
        guard let salt, let content, salt.count == Self.saltSize,
            UInt64(content.count) == header.contentSize,
            Self.contentHash(salt: salt, content: content) == header.contentHash
        else { throw .wrongContent }
    }

    private final class Storage: Sendable {
        let id: OperationID
        let author: Ed25519.PublicKey
        let header: OperationHeader
        let envelope: [UInt8]
        let salt: [UInt8]?
        let content: [UInt8]?

        init(
            id: OperationID, author: Ed25519.PublicKey, header: OperationHeader, envelope: [UInt8],
            salt: [UInt8]?, content: [UInt8]?
        ) {
            self.id = id
            self.author = author
            self.header = header
            self.envelope = envelope
            self.salt = salt
            self.content = content
        }
    }
}
