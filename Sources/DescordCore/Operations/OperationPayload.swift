import DescordCrypto
import LibP2PCore

/// What an operation of one kind says: the body in the header of an authority operation, or the content
/// beside the header of a content operation.
///
/// Decoding checks structure only (fields present, sizes), which every node judges alike for ever. Whether a
/// name is one that we show depends on Unicode's tables and is decided where it is shown, by `SpaceName` and
/// `ChannelName`.
public protocol OperationPayload: Hashable, Sendable {
    /// The kind that this is the payload of.
    static var kind: OperationKind { get }
    /// Decodes a payload, ignoring fields that a newer version may have added; nil when it is malformed.
    init?(decoding bytes: [UInt8])
    /// The protobuf form.
    var encoded: [UInt8] { get }
}

/// The bounds of what payloads hold.
public enum PayloadLimits {
    /// Bytes of UTF-8 in a name or title: 64 scalars of 4 bytes.
    public static let maxNameSize = 256
    /// Bytes of UTF-8 in a purpose or reason: a paragraph.
    public static let maxNoteSize = 1_024
    /// Bytes of UTF-8 in a reaction: the longest emoji sequences take 35.
    public static let maxEmojiSize = 64
    /// Operations that one reaction remove or unpin takes back.
    public static let maxTargetCount = 64
    /// Files that belong to one message.
    public static let maxFileCount = 8
    /// The highest rank that can be given; the creator's is one more.
    public static let maxRank: UInt32 = 1_000
    /// The creator's rank, for ever.
    public static let creatorRank: UInt32 = 1_001
    /// Times that one invite can be used.
    public static let maxInviteUses: UInt32 = 1_000_000
}

extension Operation {
    /// Returns the typed body or content, or nil when the operation is of another kind, its content is
    /// malformed, or it was deleted.
    public func payload<Payload: OperationPayload>(_ type: Payload.Type) -> Payload? {
        guard self.kind == Payload.kind, let bytes = self.header.body ?? self.content else { return nil }
        return Payload(decoding: bytes)
    }
}

/// The payload types by kind.
enum OperationPayloads {
    /// The bodies that stand in headers: they are checked when an operation is verified, because every node
    /// sees them. Content is not: one node may hold it where another holds the header alone, and both must
    /// agree.
    static let bodies: [any OperationPayload.Type] = [
        SpaceCreate.self, SpaceRename.self, SpaceVisibility.self,
        ChannelCreate.self, ChannelUpdate.self, ChannelArchive.self, ChannelModerator.self,
        MemberJoin.self, MemberAdmit.self, MemberLeave.self, MemberRemove.self,
        RoleDefine.self, RoleGrant.self, RoleTake.self, Ban.self, Unban.self, Mute.self,
        InviteCreate.self, InviteRevoke.self, BudgetChange.self,
    ]

    private static let byKind: [OperationKind: any OperationPayload.Type] =
        Dictionary(uniqueKeysWithValues: Self.bodies.map { ($0.kind, $0) })

    /// Checks a body against its kind; kinds that are not known here may hold anything.
    static func validate(body: [UInt8], of kind: OperationKind) throws(OperationFailure) {
        guard let type = self.byKind[kind] else { return }
        guard type.init(decoding: body) != nil else { throw .malformedBody }
    }

    /// Returns whether a name, title, purpose or reason fits.
    static func fits(_ text: String, _ maxSize: Int) -> Bool { text.utf8.count <= maxSize }
}
