import LibP2P
import LibP2PCore

/// Scores worked out from everything that ever happened, as gossipsub v1.1 ("The Score Function", "Parameter
/// Decay", "Score Retention") says it, and where that is silent go-libp2p-pubsub.
///
/// It keeps no counters: it keeps the log, and asks of each entry what it meant when it came. Slow, and with
/// nothing in common with the engine.
final class ScoreOracle {
    /// Where a peer connects from, and what it counts under.
    struct Place: Sendable {
        let address: String
        let counted: [String]
    }

    enum Entry {
        case connect(Int, Place)
        case disconnect(Int)
        case graft(Int, String)
        case prune(Int, String)
        case start(Int)
        case deliver(Int, String, from: Int)
        case reject(Int, String, from: Int, RejectReason)
        case duplicate(Int, String, from: Int)
        case penalise(Int, Double)
        case opinion(Int, Double?)
        case parameters(String, TopicScoreParameters?)
        case tick
    }

    /// What became of a message.
    enum Verdict {
        case pending, valid, invalid, unjudged
    }

    private let parameters: PeerScoreParameters
    private let topics: [String]
    private let peers: Range<Int>
    private(set) var log: [(now: Instant, entry: Entry)] = []
    /// From which entry on there is anything to know about a peer; what was before is forgotten.
    private var beginnings: [Int: Int] = [:]

    init(_ parameters: PeerScoreParameters, topics: [String], peers: Range<Int>) {
        self.parameters = parameters
        self.topics = topics.sorted()
        self.peers = peers
    }

    func append(_ entry: Entry, now: Instant) {
        var forgotten: [Int] = []
        switch entry {
        case .disconnect(let peer):
            // "The score of a peer is retained when it is not positive."
            if self.score(peer) > 0 { forgotten = [peer] }
        case .tick:
            forgotten = self.peers.filter { peer in
                guard let left = self.lastDisconnect(peer), !self.isConnected(peer, before: self.log.count)
                else { return false }
                return now > left + self.parameters.retainScore
            }
        default: break
        }
        self.log.append((now, entry))
        for peer in forgotten { self.beginnings[peer] = self.log.count }
    }

    /// The log for a person.
    var transcript: String {
        self.log.map { "\($0.now.nanoseconds / 1_000_000) ms \($0.entry)" }.joined(separator: "\n")
    }

    // MARK: What was so before an entry

    private func beginning(_ peer: Int) -> Int { self.beginnings[peer] ?? 0 }

    func isConnected(_ peer: Int, before end: Int) -> Bool {
        for index in (0..<end).reversed() {
            switch self.log[index].entry {
            case .connect(peer, _): return true
            case .disconnect(peer): return false
            default: continue
            }
        }
        return false
    }

    /// Whether anything is remembered of a peer, connected or not.
    private func isKnown(_ peer: Int, before end: Int) -> Bool {
        let beginning = self.beginning(peer)
        guard beginning < end else { return false }
        return self.log[beginning..<end].contains {
            if case .connect(peer, _) = $0.entry { true } else { false }
        }
    }

    private func lastDisconnect(_ peer: Int) -> Instant? {
        self.log.last { if case .disconnect(peer) = $0.entry { true } else { false } }?.now
    }

    private func place(_ peer: Int) -> Place? {
        for index in (self.beginning(peer)..<self.log.count).reversed() {
            if case .connect(peer, let place) = self.log[index].entry { return place }
        }
        return nil
    }

    private func rules(_ topic: String, before end: Int) -> TopicScoreParameters? {
        for index in (0..<end).reversed() {
            if case .parameters(topic, let changed) = self.log[index].entry {
                return changed ?? self.parameters.defaultTopic
            }
        }
        return self.parameters.parameters(of: Topic(topic))
    }

    /// The entry of the last GRAFT, if the peer was not pruned and did not leave since.
    private func lastGraft(_ peer: Int, _ topic: String, before end: Int, inMesh: Bool) -> Int? {
        for index in (self.beginning(peer)..<end).reversed() {
            switch self.log[index].entry {
            case .graft(peer, topic): return index
            case .prune(peer, topic) where inMesh: return nil
            case .disconnect(peer) where inMesh: return nil
            default: continue
            }
        }
        return nil
    }

    private func isInMesh(_ peer: Int, _ topic: String, before end: Int) -> Bool {
        self.lastGraft(peer, topic, before: end, inMesh: true) != nil
    }

    /// The last decay at which the time in the mesh was taken stock of.
    private func timesInMesh(
        _ peer: Int, _ topic: String, before end: Int
    ) -> [(Duration, TopicScoreParameters)] {
        guard let graft = self.lastGraft(peer, topic, before: end, inMesh: false) else { return [] }
        return (graft..<end).compactMap { index in
            guard case .tick = self.log[index].entry, self.isInMesh(peer, topic, before: index),
                let rules = self.rules(topic, before: index)
            else { return nil }
            return (self.log[index].now - self.log[graft].now, rules)
        }
    }

    /// Whether the peer is held to the threshold of mesh deliveries.
    private func isActive(_ peer: Int, _ topic: String, before end: Int) -> Bool {
        self.timesInMesh(peer, topic, before: end).contains { $0 > $1.meshMessageDeliveriesActivation }
    }

    /// What was known of a message: the verdict, when it fell, and who had sent it before.
    private func fate(
        _ message: Int, before end: Int
    ) -> (verdict: Verdict, since: Instant, senders: Set<Int>) {
        var begun: Instant?
        var (verdict, since, senders) = (Verdict.pending, Instant.zero, Set<Int>())
        for (now, entry) in self.log[..<end] {
            if case .tick = entry, let start = begun, now > start + self.parameters.seenMessageTTL {
                (begun, verdict, senders) = (nil, .pending, [])
            }
            let judged: Verdict
            switch entry {
            case .start(message): judged = .pending
            case .duplicate(message, _, let peer):
                judged = .pending
                if verdict == .pending || verdict == .valid { senders.insert(peer) }
            case .deliver(message, _, _): judged = .valid
            case .reject(message, _, _, .validationFailed): judged = .invalid
            case .reject(message, _, _, .validationIgnored), .reject(message, _, _, .validationThrottled):
                judged = .unjudged
            default: continue
            }
            begun = begun ?? now
            if verdict == .pending, judged != .pending {
                (verdict, since) = (judged, now)
                if judged != .valid { senders = [] }
            }
        }
        return (verdict, since, senders)
    }

    // MARK: What an entry adds

    private func firstDeliveries(_ entry: Entry, _ peer: Int, _ topic: String) -> Int {
        if case .deliver(_, topic, from: peer) = entry { 1 } else { 0 }
    }

    private func meshDeliveries(
        _ index: Int, _ peer: Int, _ topic: String, _ rules: TopicScoreParameters
    ) -> Int {
        guard self.isInMesh(peer, topic, before: index) else { return 0 }
        switch self.log[index].entry {
        case .deliver(_, topic, from: peer): return 1
        case .deliver(let message, topic, _):
            let fate = self.fate(message, before: index)
            return fate.verdict == .pending && fate.senders.contains(peer) ? 1 : 0
        case .duplicate(let message, topic, from: peer):
            let fate = self.fate(message, before: index)
            guard fate.verdict == .valid, !fate.senders.contains(peer) else { return 0 }
            return self.log[index].now - fate.since <= rules.meshMessageDeliveriesWindow ? 1 : 0
        default: return 0
        }
    }

    private func invalidDeliveries(_ index: Int, _ peer: Int, _ topic: String) -> Int {
        switch self.log[index].entry {
        case .reject(let message, topic, let sender, .validationFailed):
            let fate = self.fate(message, before: index)
            guard fate.verdict == .pending else { return 0 }
            return (sender == peer ? 1 : 0) + (fate.senders.contains(peer) ? 1 : 0)
        case .reject(_, topic, from: peer, let reason):
            let isWrongInItself: [RejectReason] = [
                .missingSignature, .invalidSignature, .unexpectedSignature, .unexpectedAuthInfo, .selfOrigin,
            ]
            return isWrongInItself.contains(reason) ? 1 : 0
        case .duplicate(let message, topic, from: peer):
            return self.fate(message, before: index).verdict == .invalid ? 1 : 0
        default: return 0
        }
    }

    // MARK: Counters

    struct Counters {
        var first = 0.0
        var mesh = 0.0
        var failures = 0.0
        var invalid = 0.0
    }

    private func decayed(_ counter: Double, _ factor: Double) -> Double {
        counter * factor < self.parameters.decayToZero ? 0 : counter * factor
    }

    private func counters(_ peer: Int, _ topic: String) -> Counters {
        var counters = Counters()
        for index in self.beginning(peer)..<self.log.count where self.isKnown(peer, before: index) {
            guard let rules = self.rules(topic, before: index) else {
                if case .disconnect(peer) = self.log[index].entry { counters.first = 0 }
                continue
            }
            var failure: Double {
                guard self.isActive(peer, topic, before: index) else { return 0 }
                let deficit = max(rules.meshMessageDeliveriesThreshold - counters.mesh, 0)
                return deficit * deficit
            }
            switch self.log[index].entry {
            case .tick where self.isConnected(peer, before: index):
                counters.first = self.decayed(counters.first, rules.firstMessageDeliveriesDecay)
                counters.mesh = self.decayed(counters.mesh, rules.meshMessageDeliveriesDecay)
                counters.failures = self.decayed(counters.failures, rules.meshFailurePenaltyDecay)
                counters.invalid = self.decayed(counters.invalid, rules.invalidMessageDeliveriesDecay)
            case .prune(peer, topic):
                counters.failures += failure
            case .disconnect(peer):
                counters.first = 0
                if self.isInMesh(peer, topic, before: index) { counters.failures += failure }
            case .parameters(topic, _):
                guard let new = self.rules(topic, before: index + 1),
                    new.firstMessageDeliveriesCap < rules.firstMessageDeliveriesCap
                        || new.meshMessageDeliveriesCap < rules.meshMessageDeliveriesCap
                else { continue }
                counters.first = min(counters.first, new.firstMessageDeliveriesCap)
                counters.mesh = min(counters.mesh, new.meshMessageDeliveriesCap)
            default:
                if self.firstDeliveries(self.log[index].entry, peer, topic) > 0 {
                    counters.first = min(counters.first + 1, rules.firstMessageDeliveriesCap)
                }
                if self.meshDeliveries(index, peer, topic, rules) > 0 {
                    counters.mesh = min(counters.mesh + 1, rules.meshMessageDeliveriesCap)
                }
                counters.invalid += Double(self.invalidDeliveries(index, peer, topic))
            }
        }
        return counters
    }

    private func behaviourPenalty(_ peer: Int) -> Double {
        var counter = 0.0
        for index in self.beginning(peer)..<self.log.count where self.isKnown(peer, before: index) {
            switch self.log[index].entry {
            case .penalise(peer, let count): counter += count
            case .tick where self.isConnected(peer, before: index):
                counter = self.decayed(counter, self.parameters.behaviourPenaltyDecay)
            default: continue
            }
        }
        return counter
    }

    // MARK: The score

    func score(_ peer: Int) -> Double {
        let end = self.log.count
        guard self.isKnown(peer, before: end) else { return 0 }
        var sum = 0.0
        for topic in self.topics {
            guard let rules = self.rules(topic, before: end) else { continue }
            sum += self.topicScore(peer, topic, rules)
        }
        if self.parameters.topicScoreCap > 0 { sum = min(sum, self.parameters.topicScoreCap) }
        sum += self.opinion(peer) * self.parameters.applicationWeight
        var colocation = 0.0
        for address in self.place(peer)?.counted ?? [] {
            let peers = self.peers.filter { other in
                self.isKnown(other, before: end) && self.place(other)?.counted.contains(address) == true
            }
            let excess = Double(max(peers.count - self.parameters.ipColocationFactorThreshold, 0))
            colocation += excess * excess
        }
        sum += colocation * self.parameters.ipColocationFactorWeight
        let excess = max(self.behaviourPenalty(peer) - self.parameters.behaviourPenaltyThreshold, 0)
        sum += excess * excess * self.parameters.behaviourPenaltyWeight
        return sum
    }

    private func topicScore(_ peer: Int, _ topic: String, _ rules: TopicScoreParameters) -> Double {
        let end = self.log.count
        let counters = self.counters(peer, topic)
        var sum = 0.0
        if self.isInMesh(peer, topic, before: end),
            let (time, _) = self.timesInMesh(peer, topic, before: end).last
        {
            let quanta = time.saturatedNanoseconds / rules.timeInMeshQuantum.saturatedNanoseconds
            sum += min(Double(quanta), rules.timeInMeshCap) * rules.timeInMeshWeight
        }
        sum += counters.first * rules.firstMessageDeliveriesWeight
        if self.isActive(peer, topic, before: end), counters.mesh < rules.meshMessageDeliveriesThreshold {
            let deficit = rules.meshMessageDeliveriesThreshold - counters.mesh
            sum += deficit * deficit * rules.meshMessageDeliveriesWeight
        }
        sum += counters.failures * rules.meshFailurePenaltyWeight
        sum += counters.invalid * counters.invalid * rules.invalidMessageDeliveriesWeight
        return sum * rules.topicWeight
    }

    private func opinion(_ peer: Int) -> Double {
        for (_, entry) in self.log.reversed() {
            if case .opinion(peer, let value) = entry { return value ?? self.parameters.applicationScore }
        }
        return self.parameters.applicationScore
    }
}
