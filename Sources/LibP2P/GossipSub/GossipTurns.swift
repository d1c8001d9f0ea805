import LibP2PCore

/// When each subscriber of a topic was last told what is gossiped.
///
/// An id is gossiped for `historyGossip` heartbeats. Chance alone may leave a subscriber out of all of them,
/// and nothing else tells it when what the meshes push does not come through; those who were left out for
/// longest are next, so that up to `degreeLazy` times `historyGossip` of them all hear of everything.
struct GossipTurns: Sendable {
    /// Ages that are told apart, in heartbeats.
    private static let ageMax = 15

    /// The heartbeats by the peers' numbers.
    private var heartbeats: [Int32] = []

    /// Enters who has just subscribed, at the end: subscribing anew is no way to the front.
    mutating func enter(_ peer: Int, at heartbeat: Int) {
        while self.heartbeats.count <= peer { self.heartbeats.append(0) }
        self.heartbeats[peer] = Int32(truncatingIfNeeded: heartbeat)
    }

    /// Takes `count` of the candidates, who have all been entered, whose turn it is; among equals by chance.
    mutating func take(
        _ count: Int, of candidates: [Int], at heartbeat: Int, using prng: inout PRNG
    ) -> [Int] {
        func age(_ peer: Int) -> Int {
            min(max(heartbeat - Int(self.heartbeats[peer]), 0), Self.ageMax)
        }
        var counts = Array(repeating: 0, count: Self.ageMax + 1)
        for peer in candidates { counts[age(peer)] += 1 }
        var youngest = Self.ageMax
        var left = count
        while youngest > 0, counts[youngest] <= left {
            left -= counts[youngest]
            youngest -= 1
        }
        var taken = candidates.filter { age($0) > youngest }
        var equals = candidates.filter { age($0) == youngest }
        prng.shuffle(&equals, prefix: left)
        taken += equals.prefix(left)
        for peer in taken { self.enter(peer, at: heartbeat) }
        return taken
    }
}
