/// The bounds of one session.
public enum SyncLimits {
    /// The protocol's id.
    public static let protocolID = "/descord/sync/1.0.0"
    /// The largest frame, without its size.
    public static let maxFrameSize = 65_536
    /// Bytes of the stream of operations in one frame; the rest of the frame is its tag and size.
    static let maxChunkSize = 65_528
    /// Ids in one frame.
    static let maxIDsPerFrame = 2_000
    /// Ids that one list, and all that is wanted in one session, may hold: 8 MiB.
    public static let maxIDCount = 262_144
    /// Bytes of a message of negentropy: the rest of the frame is two tags and two sizes.
    static let maxNegentropySize = 65_528
    /// Messages of negentropy that each side sends in one session: 8 MiB both ways at most.
    static let maxNegentropyCount = 64
    /// Items that are compared by negentropy: more would take more than 176 MB a session.
    static let maxItemCount = 4_194_304
    /// Operations that may follow an initiator's hello at once.
    public static let maxPushCount = 256
    /// Bytes of operations that may follow an initiator's hello at once: two of the largest.
    public static let maxPushSize = 2_097_152
    /// Operations that were read and not yet stored, before reading stops.
    public static let maxUnstoredCount = 4_096
    /// Bytes of operations that were read and not yet stored, before reading stops.
    public static let maxUnstoredSize = 4_194_304
    /// Operations in one request to store.
    static let maxBatchCount = 256
    /// Ids whose receipt a peer asked for that are remembered until they arrive.
    public static let maxAskedCount = 4_096
    /// Ids that we ask for receipts of at once.
    static let maxAskCount = 1_000
    /// Peer records passed on in a session, and their bytes.
    static let maxRecordCount = 64
    static let maxRecordsSize = 60_000
    /// Operations of an introduction.
    static let maxIntroductionCount = 8
    /// Reconciliation methods that are read from a hello.
    static let maxMethodCount = 16
}

/// Why a session ended early.
public enum SyncFailure: Error, Hashable, Sendable {
    /// Bytes that are no frame, or a frame that is no message or breaks a bound.
    case malformed
    /// A frame that has no place in the session's state.
    case unexpected
    /// An operation that is wrong in every state.
    case badOperation(OperationFailure)
    /// An operation of another space.
    case foreignOperation
    /// The peer called two sets equal that are not.
    case falseEquality
    /// More ids than one list may hold; another method is needed.
    case tooManyIDs
    /// The stream ended in the middle; what was stored stays, a new session goes on from there.
    case cut

    /// Whether an honest peer would never cause it; every failure resets the stream, these also count against
    /// the peer.
    public var isMisbehaviour: Bool {
        switch self {
        case .malformed, .unexpected, .badOperation, .foreignOperation, .falseEquality: true
        case .tooManyIDs, .cut: false
        }
    }
}

/// Why a responder did not let an initiator in.
public enum SyncRefusal: Hashable, Sendable {
    /// It does not hold the space, or does not know us as a member, or our proof is wrong: it does not say
    /// which.
    case unknown
    /// The ticket's time is over.
    case expired
    /// The ticket was used as often as it may be.
    case usedUp
    /// The ticket or its inviter was revoked, or a ticket cannot bring us back.
    case revoked
    /// Our key is banned.
    case banned
}

/// What a session moved.
public struct SyncReport: Hashable, Sendable {
    /// Operations sent.
    public var sent = 0
    /// Operations received and durably stored, whether they were new or not.
    public var received = 0
    /// Operations received that the store did not take.
    public var refused = 0
    /// Operations that the peer listed and then had not, or did not send.
    public var lacking = 0
    /// Times that the initiator waited for an answer.
    public var roundTrips = 0
    /// Bytes of frames sent.
    public var bytesSent = 0
    /// Bytes of frames received.
    public var bytesReceived = 0
    /// Whether both sets were equal at the start.
    public var wasEqual = false
    /// False when the comparison stopped at a bound, or the peer did not send what it listed: what was found
    /// was exchanged, and the sets may differ further.
    public var isComplete = true

    /// Nothing moved yet.
    public init() {}
}
