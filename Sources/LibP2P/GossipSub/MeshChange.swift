/// Why a peer came into a mesh.
public enum GraftReason: String, CaseIterable, Hashable, Sendable {
    /// It asked for the place.
    case requested
    /// We joined the topic.
    case joined
    /// It subscribed while the mesh was below D_low.
    case subscribed
    /// The mesh was below D_low.
    case belowLow = "below_low"
    /// Fewer than D_out were peers that we dialled.
    case outboundQuota = "outbound_quota"
    /// The mesh's median score was too low.
    case opportunistic
}

/// Why a peer left a mesh, or was refused a place in it.
public enum PruneReason: String, CaseIterable, Hashable, Sendable {
    /// It told us to.
    case requested
    /// We left the topic.
    case left
    /// It is no longer subscribed.
    case unsubscribed
    /// It is no longer connected.
    case disconnected
    /// Its score is below 0.
    case negativeScore = "negative_score"
    /// The mesh was at D_high, or above what an adaptive mesh needs.
    case full
    /// It asked before its backoff was over.
    case backoff
    /// Direct peers have no place in meshes.
    case direct
    /// It is not one of those who may be subscribers.
    case notAllowed = "not_allowed"
}

/// How often each of a kind of reasons held.
public struct ReasonCounts<Reason: CaseIterable & Hashable & Sendable>: Hashable, Sendable {
    private var counts = [UInt64](repeating: 0, count: Reason.allCases.count)

    public init() {}

    public subscript(reason: Reason) -> UInt64 {
        self.counts[Self.index(reason)]
    }

    /// All together.
    public var total: UInt64 { self.counts.reduce(0, +) }

    mutating func count(_ reason: Reason) {
        self.counts[Self.index(reason)] += 1
    }

    private static func index(_ reason: Reason) -> Int {
        var index = 0
        for other in Reason.allCases {
            if other == reason { return index }
            index += 1
        }
        preconditionFailure("a reason that is not one of all")
    }
}

/// Whether a peer is in a topic's mesh, and why it is not.
public enum MeshStanding: Hashable, Sendable {
    case inMesh
    /// It always gets everything, and has no place in meshes.
    case direct
    /// We are not subscribed.
    case notJoined
    /// It is not connected, or speaks no pubsub.
    case notConnected
    /// It speaks floodsub, which has no meshes.
    case withoutMesh
    /// It may not count as a subscriber.
    case notAllowed
    case notSubscribed
    /// What is left of the time in which neither may ask the other.
    case backoff(Duration)
    case negativeScore(Double)
    /// The mesh has all the peers that it wants.
    case full
    /// We ask nobody for places in meshes, and it has not asked us.
    case answersOnly
    /// The next heartbeat may ask it.
    case candidate
}
