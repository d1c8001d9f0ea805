import LibP2PCore

/// Holds messages back that a topic or a peer has no bandwidth for (limits in bytes and messages a second).
///
/// Own messages wait as long as it takes; others' only while there is room, since gossip finds them again.
/// What waits goes by priority, and then a message a turn for each peer and topic, so that everybody gets the
/// first message before anybody gets the second.
struct Shaper: Sendable {
    struct Held: Sendable {
        let message: Message
        let id: MessageID
        let size: Int
        let topic: Int
        let priority: SendPriority
    }

    /// What goes to one peer in one topic.
    private struct Flow: Hashable {
        let peer: Int
        let topic: Int
    }

    /// What waits in a flow, by priority and then in order of arrival.
    private struct Queue {
        var lanes = [Lane](repeating: Lane(), count: SendPriority.allCases.count)

        var isEmpty: Bool { lanes.allSatisfy { $0.count == 0 } }
        /// The priority of what is next; nil when nothing is.
        var priority: Int? { lanes.firstIndex { $0.count > 0 } }
    }

    /// A first-in, first-out queue that pops without moving what is behind.
    private struct Lane {
        private var items: [Held] = []
        private var head = 0

        var count: Int { items.count - head }
        var waiting: ArraySlice<Held> { items[head...] }

        mutating func push(_ held: Held) { items.append(held) }

        mutating func pop() -> Held? {
            guard head < items.count else { return nil }
            let held = items[head]
            head += 1
            if head >= 64, head * 2 >= items.count {
                items.removeFirst(head)
                head = 0
            }
            return held
        }
    }

    private let topicLimit: RateLimit
    private let peerLimit: RateLimit
    private var topicGates: [Int: RateGate] = [:]
    private var peerGates: [Int: RateGate] = [:]
    private var queues: [Flow: Queue] = [:]
    /// The flows in which something waits; whoever had a turn goes to the end.
    private var turns: [Flow] = []
    /// How many messages wait for a peer, by priority.
    private var counts: [Int: [Int]] = [:]
    /// For how many peers each own or urgent message waits.
    private var copies: [MessageID: Int] = [:]
    /// When `next` may have something.
    private(set) var nextRelease: Instant?

    init(topicLimit: RateLimit, peerLimit: RateLimit) {
        self.topicLimit = topicLimit
        self.peerLimit = peerLimit
    }

    /// Whether there are any limits.
    var isOn: Bool { topicLimit != RateLimit() || peerLimit != RateLimit() }

    /// Whether an own or urgent message waits for anybody.
    func holds(_ id: MessageID) -> Bool { copies[id] != nil }

    enum Decision { case send, hold, drop }

    /// Decides about a message that wants to go to a peer now, and charges what may.
    mutating func decide(_ held: Held, to peer: Int, now: Instant) -> Decision {
        let flow = Flow(peer: peer, topic: held.topic)
        let opens = opening(flow, now: now)
        if opens <= now, queues[flow] == nil {
            pass(held, to: peer, now: now)
            return .send
        }
        let count = counts[peer]?[held.priority.rawValue] ?? 0
        guard count < (held.priority == .forwarded ? Self.forwardedCountMax : Self.ownCountMax) else {
            return .drop
        }
        if queues[flow] == nil { turns.append(flow) }
        queues[flow, default: Queue()].lanes[held.priority.rawValue].push(held)
        counts[peer, default: Self.noCounts][held.priority.rawValue] += 1
        if held.priority != .forwarded { copies[held.id, default: 0] += 1 }
        nextRelease = min(nextRelease ?? opens, opens)
        return .hold
    }

    /// Takes what goes next, if it may go now, without charging it; nil: nothing before `nextRelease`.
    mutating func next(now: Instant) -> (peer: Int, held: Held)? {
        guard let due = nextRelease, due <= now else { return nil }
        var best: (turn: Int, priority: Int)?
        var opens: Instant?
        for (turn, flow) in turns.enumerated() {
            let opening = opening(flow, now: now)
            opens = min(opens ?? opening, opening)
            guard opening <= now, let priority = queues[flow]?.priority, priority < best?.priority ?? .max
            else { continue }
            best = (turn, priority)
        }
        guard let best else {
            nextRelease = opens
            return nil
        }
        let flow = turns.remove(at: best.turn)
        guard let held = queues[flow]?.lanes[best.priority].pop() else {
            preconditionFailure("a flow that has a turn has a message")
        }
        if queues[flow]?.isEmpty == true { queues[flow] = nil } else { turns.append(flow) }
        counts[flow.peer]?[best.priority] -= 1
        countDown(held.id)
        return (flow.peer, held)
    }

    /// Charges what goes to a peer now.
    mutating func pass(_ held: Held, to peer: Int, now: Instant) {
        topicGates[held.topic, default: RateGate()].pass(held.size, topicLimit, now: now)
        peerGates[peer, default: RateGate()].pass(held.size, peerLimit, now: now)
    }

    /// Forgets a peer that left.
    mutating func forget(peer: Int) {
        forgetFlows { $0.peer == peer }
        peerGates[peer] = nil
        counts[peer] = nil
    }

    /// Forgets a topic that is no more.
    mutating func forget(topic: Int) {
        forgetFlows { $0.topic == topic }
        topicGates[topic] = nil
    }

    private mutating func forgetFlows(where isGone: (Flow) -> Bool) {
        for flow in turns where isGone(flow) {
            for (priority, lane) in (queues.removeValue(forKey: flow)?.lanes ?? []).enumerated() {
                counts[flow.peer]?[priority] -= lane.count
                for held in lane.waiting { countDown(held.id) }
            }
        }
        turns.removeAll(where: isGone)
    }

    private mutating func countDown(_ id: MessageID) {
        guard let count = copies[id] else { return }
        copies[id] = count > 1 ? count - 1 : nil
    }

    private func opening(_ flow: Flow, now: Instant) -> Instant {
        max(
            topicGates[flow.topic]?.opens(topicLimit, now: now) ?? now,
            peerGates[flow.peer]?.opens(peerLimit, now: now) ?? now)
    }

    /// How many own messages may wait for a peer: more than a minute of a busy channel.
    private static let ownCountMax = 4_096
    /// How many of others' messages may wait for a peer.
    private static let forwardedCountMax = 256
    private static let noCounts = [Int](repeating: 0, count: SendPriority.allCases.count)
}
