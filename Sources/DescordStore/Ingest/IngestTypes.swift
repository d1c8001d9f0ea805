import DescordCore
import LibP2PCore

/// Where operations came from.
public enum IngestSource: Hashable, Sendable {
    /// A topic; the peer is who forwarded it.
    case gossip(PeerID)
    /// A sync session with a peer.
    case sync(PeerID)
    /// A file.
    case file
}

/// What became of one operation.
public enum IngestVerdict: Hashable, Sendable {
    /// In force, at this place of the local order.
    case stored(arrival: Int64)
    /// In force, but the join of somebody who is no member yet.
    case requested(arrival: Int64)
    /// It was stored before.
    case duplicate
    /// Stored until its links come.
    case waiting
    /// Stored until its time comes.
    case held
    /// Stored, never shown: it contradicts its links.
    case invalid
    /// Stored, never shown: its author was not permitted to write it.
    case void
    /// Stored, not shown: a revocation has taken back what it rests on.
    case revoked
    /// Not stored.
    case ignored(IgnoreReason)

    /// Whether it is on the disk, so that a receipt may be sent.
    public var isDurable: Bool {
        if case .ignored = self { return false }
        return true
    }

    /// Whether gossip passes it on: what is in force, and what a known member wrote upon something unknown.
    public var forwards: Bool {
        switch self {
        case .stored, .requested, .waiting: true
        default: false
        }
    }
}

/// An operation that came into force.
public struct AdmittedOperation: Sendable {
    public let operation: DescordCore.Operation
    /// Its place in the local order.
    public let arrival: Int64

    public init(operation: DescordCore.Operation, arrival: Int64) {
        self.operation = operation
        self.arrival = arrival
    }

    /// Its space.
    public var space: SpaceID { self.operation.space }
}

/// What became of a batch, after its commit.
public struct IngestResult: Sendable {
    /// One verdict an operation, in their order.
    public let verdicts: [IngestVerdict]
    /// What came into force, in order of arrival: of the batch, and of what had waited for it.
    public let admitted: [AdmittedOperation]
}

/// An operation that was written here, after its commit.
public struct Authored: Sendable {
    public let operation: DescordCore.Operation
    /// The sequence number of its gossip message: strictly increasing over all runs.
    public let gossipSeqno: UInt64
    /// Its place in the local order; nil while it waits for operations that are still to be fetched.
    public let arrival: Int64?

    /// The operation's name.
    public var id: OperationID { self.operation.id }
    /// What goes into the gossip message.
    public var encoded: [UInt8] { self.operation.encoded }
}
