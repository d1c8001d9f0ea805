/// How much a router remembers: everything that peers can make grow, beside the bounds of
/// `GossipSubParameters`.
public struct RouterFootprint: Hashable, Sendable {
    /// Ids in the duplicate cache (`seenCountMax`).
    public var seenCount: Int
    /// Bytes of messages kept for IWANT (`historyBytesMax`).
    public var cachedBytes: Int
    /// Messages between arrival and verdict (`pendingMessagesMax`).
    public var pendingCount: Int
    /// Backoffs of the topic that has most (`backoffCountMax`).
    public var backoffCount: Int
    /// Topics that take up memory.
    public var topicCount: Int
    /// Topics of the peer that has most (`topicsPerPeerMax`).
    public var topicsOfPeerMax: Int
    /// Ids that the peer with most of them does not want (`unwantedCountMax`).
    public var unwantedOfPeerMax: Int
    /// Advertised messages that are awaited; at most one for each IHAVE that is read.
    public var promiseCount: Int
}

extension GossipSubRouter {
    /// What it remembers now. Looks at every peer and topic, so it is not for every event.
    public var footprint: RouterFootprint {
        RouterFootprint(
            seenCount: self.seen.count, cachedBytes: self.cache.bytes, pendingCount: self.pending.count,
            backoffCount: self.topics.order.map { self.topics[$0].backoffs.count }.max() ?? 0,
            topicCount: self.topics.count,
            topicsOfPeerMax: self.peers.order.map { self.peers[$0].topics.count }.max() ?? 0,
            unwantedOfPeerMax: self.peers.order.map { self.peers[$0].unwanted.count }.max() ?? 0,
            promiseCount: self.promiseQueue.count)
    }
}
