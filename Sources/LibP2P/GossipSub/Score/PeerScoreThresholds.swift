/// What scores lead to (gossipsub v1.1, "Score thresholds"; go-libp2p-pubsub, `PeerScoreThresholds`).
public struct PeerScoreThresholds: Sendable, Equatable {
    /// Below it no gossip is sent to a peer and none of its gossip is read; at most 0.
    public var gossip = 0.0
    /// Below it a peer gets no own message when those are flooded or go to fanout; at most `gossip`.
    public var publish = 0.0
    /// Below it everything of a peer is ignored; at most `publish`.
    public var graylist = 0.0
    /// From it on a peer's offers of other peers are taken; at least 0.
    public var acceptPX = 0.0
    /// While the median of a mesh's scores is below it, better peers are grafted; at least 0.
    public var opportunisticGraft = 0.0

    public init() {}

    public init(
        gossip: Double, publish: Double, graylist: Double, acceptPX: Double, opportunisticGraft: Double
    ) {
        self.gossip = gossip
        self.publish = publish
        self.graylist = graylist
        self.acceptPX = acceptPX
        self.opportunisticGraft = opportunisticGraft
    }
}
