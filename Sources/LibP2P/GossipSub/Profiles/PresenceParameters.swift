/// How a node announces that it is there: by heartbeats on two topics of their own, as the nodes of the
/// snapshot submissions network do.
public struct PresenceParameters: Sendable, Equatable {
    /// The time between two of our heartbeats.
    public var interval: Duration = .seconds(10)
    /// The least time between two heartbeats of one author that are taken and passed on.
    public var acceptInterval: Duration = .seconds(5)
    /// What the two topics' names begin with: `{prefix}/0` and `{prefix}/all`.
    public var prefix = "/powerloom/snapshot-submissions"

    public init() {}
}
