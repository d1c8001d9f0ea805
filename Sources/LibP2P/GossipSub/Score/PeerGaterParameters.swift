/// When and how hard unvalidated traffic is thinned out under load (go-libp2p-pubsub, `PeerGaterParams`).
public struct PeerGaterParameters: Sendable, Equatable {
    /// The share of throttled among validated messages from which on the gater works.
    public var threshold = 0.33
    /// The decay of the global counters, once every `decayInterval`: of two minutes.
    public var globalDecay = 0.962_350_626_398_088_5
    /// The decay of an address's counters: of an hour.
    public var sourceDecay = 0.998_721_603_904_830_3
    public var decayInterval: Duration = .seconds(1)
    /// A counter below this becomes 0.
    public var decayToZero = 0.01
    /// How long the counters of an address are kept after its last peer left.
    public var retainStatistics: Duration = .seconds(6 * 3_600)
    /// For how long after the last throttled message the gater goes on working.
    public var quiet: Duration = .seconds(60)
    /// What a duplicate counts against a delivery.
    public var duplicateWeight = 0.125
    /// What an ignored message counts.
    public var ignoreWeight = 1.0
    /// What a rejected message counts.
    public var rejectWeight = 16.0

    public init() {}
}
