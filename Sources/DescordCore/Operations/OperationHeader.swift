import LibP2PCore
import SwiftProtobuf

/// The signed part of an operation.
///
/// A value of this type need not be well formed; `Operation` holds only those that are.
public struct OperationHeader: Hashable, Sendable {
    /// The version that is written and understood.
    public static let currentVersion: UInt32 = 1
    /// The most dependencies beside `previous`: enough for the heads of a busy space, few enough for 300
    /// bytes.
    public static let maxDependencyCount = 8
    /// The largest header of a content operation: its fields take at most 0.5 KiB, and it can never be
    /// deleted.
    public static let maxContentHeaderSize = 4_096
    /// The largest header of an authority operation.
    public static let maxAuthorityHeaderSize = 65_536
    /// The largest header of an mls operation: a commit with welcomes and the tree of some 700 members.
    public static let maxMLSHeaderSize = 262_144
    /// The highest field number of this version: `target`.
    private static let lastFieldNumber: UInt64 = 14
    /// Bytes in a genesis' nonce and in a content's salt.
    public static let nonceSize = 32

    /// The format of the header.
    public var version: UInt32
    /// The space; nil in a genesis, whose own id it is.
    public var space: SpaceID?
    /// The position in the author's own chain in this space, from 0.
    public var sequence: UInt64
    /// The author's operation before this one; nil when `sequence` is 0.
    public var previous: OperationID?
    /// Other operations that this one follows: authority heads first, one head an author.
    public var dependencies: [OperationID]
    /// When it was written, for display.
    public var clock: HybridLogicalClock
    /// What it does.
    public var kind: OperationKind
    /// The channel that it is in or about.
    public var channel: ChannelID?
    /// The commit that its content is sealed under.
    public var epoch: OperationID?
    /// 32 random bytes, in a genesis only.
    public var nonce: [UInt8]?
    /// The body of an authority or mls operation.
    public var body: [UInt8]?
    /// SHA-256(salt ‖ content) of a content operation.
    public var contentHash: [UInt8]?
    /// Bytes in the content of a content operation.
    public var contentSize: UInt64?
    /// The message that a content operation acts upon, or the thread that it is in.
    public var target: OperationID?

    /// Makes a header; `Operation(signing:…)` fills in the content's hash and size.
    public init(
        space: SpaceID?, sequence: UInt64, previous: OperationID?, dependencies: [OperationID],
        clock: HybridLogicalClock, kind: OperationKind, channel: ChannelID? = nil, epoch: OperationID? = nil,
        target: OperationID? = nil, nonce: [UInt8]? = nil, body: [UInt8]? = nil
    ) {
        self.version = Self.currentVersion
        self.space = space
        self.sequence = sequence
        self.previous = previous
        self.dependencies = dependencies
        self.clock = clock
        self.kind = kind
        self.channel = channel
        self.epoch = epoch
        self.target = target
        self.nonce = nonce
        self.body = body
    }

    /// Every operation that this one follows directly: `previous`, then `dependencies`.
    public var links: [OperationID] {
        (self.previous.map { [$0] } ?? []) + self.dependencies
    }

    /// Decodes a header that must equal its own encoding: known fields in the order of their numbers, each at
    /// most once, then unknown fields with higher numbers.
    init(decoding bytes: [UInt8]) throws(OperationFailure) {
        guard bytes.count <= Self.maxMLSHeaderSize else { throw .tooLarge }
        guard let message = PBOperationHeader(octets: bytes), message.hasVersion else { throw .malformed }
        guard message.version == Self.currentVersion else { throw .unsupportedVersion }
        guard message.octets == bytes,
            UnknownFields.areCanonical(message.unknownFields.data.octets, above: Self.lastFieldNumber)
        else { throw .notCanonical }
        guard message.hasSequence, message.hasClock, let kind = OperationKind(rawValue: message.kind),
            message.dependencies.count <= Self.maxDependencyCount
        else { throw .malformed }
        func id(
            _ isPresent: Bool, _ bytes: @autoclosure () -> [UInt8]
        ) throws(OperationFailure) -> OperationID? {
            guard isPresent else { return nil }
            guard let id = OperationID(bytes: bytes()) else { throw .malformed }
            return id
        }
        self.version = message.version
        self.space = try id(message.hasSpace, message.space.octets)
        self.sequence = message.sequence
        self.previous = try id(message.hasPrevious, message.previous.octets)
        var dependencies: [OperationID] = []
        for dependency in message.dependencies {
            guard let id = OperationID(bytes: dependency.octets) else { throw .malformed }
            dependencies.append(id)
        }
        self.dependencies = dependencies
        self.clock = HybridLogicalClock(rawValue: message.clock)
        self.kind = kind
        self.channel = try id(message.hasChannel, message.channel.octets)
        self.epoch = try id(message.hasEpoch, message.epoch.octets)
        self.nonce = message.hasNonce ? message.nonce.octets : nil
        self.body = message.hasBody ? message.body.octets : nil
        self.contentHash = message.hasContentHash ? message.contentHash.octets : nil
        self.contentSize = message.hasContentSize ? message.contentSize : nil
        self.target = try id(message.hasTarget, message.target.octets)
    }

    /// The protobuf form, without fields that a newer version may have added.
    var encoded: [UInt8] {
        var message = PBOperationHeader()
        message.version = self.version
        if let space { message.space = .init(octets: space.bytes) }
        message.sequence = self.sequence
        if let previous { message.previous = .init(octets: previous.bytes) }
        message.dependencies = self.dependencies.map { .init(octets: $0.bytes) }
        message.clock = self.clock.rawValue
        message.kind = self.kind.rawValue
        if let channel { message.channel = .init(octets: channel.bytes) }
        if let epoch { message.epoch = .init(octets: epoch.bytes) }
        if let nonce { message.nonce = .init(octets: nonce) }
        if let body { message.body = .init(octets: body) }
        if let contentHash { message.contentHash = .init(octets: contentHash) }
        if let contentSize { message.contentSize = contentSize }
        if let target { message.target = .init(octets: target.bytes) }
        return message.octets
    }

    /// Checks everything that can be said of a header alone; `size` is that of its encoding.
    func validateShape(size: Int) throws(OperationFailure) {
        guard size <= Self.maxSize(for: self.kind.operationClass) else { throw .tooLarge }
        if self.kind == .spaceCreate {
            guard self.space == nil, self.sequence == 0, self.links.isEmpty,
                self.nonce?.count == Self.nonceSize
            else { throw .wrongShape }
        } else {
            guard self.space != nil, self.nonce == nil, !self.links.isEmpty else { throw .wrongShape }
        }
        guard (self.previous == nil) == (self.sequence == 0), Set(self.links).count == self.links.count
        else { throw .wrongShape }
        if let namesChannel = self.kind.namesChannel {
            guard (self.channel != nil) == namesChannel else { throw .wrongShape }
        }
        if self.kind.isKnown {
            switch self.kind.namesTarget {
            case .always: guard self.target != nil else { throw .wrongShape }
            case .never: guard self.target == nil else { throw .wrongShape }
            case .maybe: break
            }
        }
        switch self.kind.operationClass {
        case .authority:
            guard self.body != nil, self.contentHash == nil, self.contentSize == nil else {
                throw .wrongClass
            }
            guard self.epoch == nil else { throw .wrongShape }
        case .mls:
            guard self.body != nil, self.contentHash == nil, self.contentSize == nil else {
                throw .wrongClass
            }
        case .content:
            guard self.body == nil, let contentHash, let contentSize else { throw .wrongClass }
            guard contentHash.count == Operation.contentHashSize else { throw .malformed }
            guard contentSize <= UInt64(Operation.maxEncodedSize) else { throw .tooLarge }
        }
    }

    /// Returns the largest encoded header of a class.
    public static func maxSize(for operationClass: OperationClass) -> Int {
        switch operationClass {
        case .authority: self.maxAuthorityHeaderSize
        case .mls: self.maxMLSHeaderSize
        case .content: self.maxContentHeaderSize
        }
    }
}
