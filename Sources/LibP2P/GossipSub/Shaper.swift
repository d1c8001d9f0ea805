import LibP2PCore

/// Holds messages back that a topic or a peer has no bandwidth for (limits in bytes and messages a second).
///
/// Own messages wait as long as it takes; others' only while there is room, since gossip finds them again.
struct Shaper: Sendable {
    struct Held: Sendable {
        let message: Message
        let size: Int
        let topic: Int
        let priority: SendPriority
    }

    private let topicLimit: RateLimit
    private let peerLimit: RateLimit
    private var topicGates: [Int: RateGate] = [:]
    private var peerGates: [Int: RateGate] = [:]
    /// What waits for each peer, by priority, then in order of arrival.
    private var queues: [Int: [Held]] = [:]
    /// The peers that something waits for.
    private var waiting = NumberSet()
    /// When `release` may have something.
    private(set) var nextRelease: Instant?

    init(topicLimit: RateLimit, peerLimit: RateLimit) {
        self.topicLimit = topicLimit
        self.peerLimit = peerLimit
    }

    /// Whether there are any limits.
    var isOn: Bool { topicLimit != RateLimit() || peerLimit != RateLimit() }

    /// How many messages wait for a peer.
    func heldCount(for peer: Int) -> Int { queues[peer]?.count ?? 0 }

    enum Decision { case send, hold, drop }

    /// Decides about a message that wants to go to a peer now.
    mutating func decide(_ held: Held, to peer: Int, now: Instant) -> Decision {
        let opens = opening(held.topic, peer, now: now)
        let isFirst = !(queues[peer] ?? []).contains { $0.topic == held.topic }
        if opens <= now, isFirst {
            pass(held, to: peer, now: now)
            return .send
        }
        var queue = queues[peer] ?? []
        let count = queue.reduce(0) { $0 + ($1.priority == held.priority ? 1 : 0) }
        guard count < (held.priority == .forwarded ? Self.forwardedCountMax : Self.ownCountMax) else {
            return .drop
        }
        let place = queue.firstIndex { held.priority < $0.priority } ?? queue.count
        queue.insert(held, at: place)
        queues[peer] = queue
        waiting.insert(peer)
        nextRelease = min(nextRelease ?? opens, opens)
        return .hold
    }

    /// Takes what may go now.
    mutating func release(now: Instant) -> [(peer: Int, held: Held)] {
        guard let due = nextRelease, due <= now else { return [] }
        var released: [(peer: Int, held: Held)] = []
        var next: Instant?
        for peer in waiting.elements {
            var kept: [Held] = []
            for held in queues[peer] ?? [] {
                let opens = opening(held.topic, peer, now: now)
                if opens <= now {
                    pass(held, to: peer, now: now)
                    released.append((peer, held))
                } else {
                    next = min(next ?? opens, opens)
                    kept.append(held)
                }
            }
            queues[peer] = kept.isEmpty ? nil : kept
            if kept.isEmpty { waiting.remove(peer) }
        }
        nextRelease = next
        return released
    }

    /// Forgets a peer that left.
    mutating func forget(peer: Int) {
        queues[peer] = nil
        peerGates[peer] = nil
        waiting.remove(peer)
    }

    /// Forgets a topic that is no more.
    mutating func forget(topic: Int) {
        topicGates[topic] = nil
    }

    private func opening(_ topic: Int, _ peer: Int, now: Instant) -> Instant {
        max(
            topicGates[topic]?.opens(topicLimit, now: now) ?? now,
            peerGates[peer]?.opens(peerLimit, now: now) ?? now)
    }

    private mutating func pass(_ held: Held, to peer: Int, now: Instant) {
        topicGates[held.topic, default: RateGate()].pass(held.size, topicLimit, now: now)
        peerGates[peer, default: RateGate()].pass(held.size, peerLimit, now: now)
    }

    /// How many own messages may wait for a peer: more than a minute of a busy channel.
    private static let ownCountMax = 4_096
    /// How many of others' messages may wait for a peer.
    private static let forwardedCountMax = 256
}
