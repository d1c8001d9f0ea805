import LibP2PCore

/// Thins out what peers send while there is more than can be validated (go-libp2p-pubsub, `peer_gater.go`).
///
/// While messages are thrown away unvalidated, messages of a peer are let in with a probability that falls
/// the less of what came from its address was worth delivering. Peers behind one address share their record.
/// It has no clock and no chance of its own.
struct PeerGater: Sendable {
    let parameters: PeerGaterParameters
    private var schedule: DecaySchedule
    private var validated = 0.0
    private var throttled = 0.0
    private var lastThrottled: Instant?

    /// The address of each connected peer, as the place of its record.
    private var peers = NumberedTable<Int>()
    /// The records of addresses that somebody is connected from; nil: a free place.
    private var records: [Record?] = []
    private var freePlaces: [Int] = []
    private var places: [Source: Int] = [:]
    /// The records of addresses that nobody is connected from any more.
    private(set) var departed = ExpiringTable<Source, Counters>(countMax: sourceCountMax)

    /// Addresses that are remembered after their last peer left, at about 100 bytes each.
    static let sourceCountMax = 8_192

    /// Parameters must be valid (`PeerGaterParameters.validated()`).
    init(parameters: PeerGaterParameters) {
        self.parameters = parameters
        self.schedule = DecaySchedule(interval: parameters.decayInterval)
    }

    /// Where peers come from: an address, or somewhere else, which is one place for all of them.
    struct Source: Hashable, Sendable {
        let address: IPKey?
    }

    /// What came from an address.
    struct Counters: Sendable {
        var delivered = 0.0
        var duplicate = 0.0
        var ignored = 0.0
        var rejected = 0.0
    }

    private struct Record: Sendable {
        let source: Source
        var connectedCount = 0
        var counters: Counters
    }

    // MARK: Peers

    /// A peer can be sent RPCs, or its address is another one now.
    mutating func connected(_ peer: Int, address: Multiaddr?, now: Instant) {
        self.schedule.start(now: now)
        let source = Source(address: IPKey.of(address))
        if let index = self.peers.index(of: peer) {
            guard self.records[self.peers[index]]?.source != source else { return }
            self.disconnected(peer, now: now)
        }
        let place = self.places[source] ?? self.add(source)
        self.records[place]?.connectedCount += 1
        self.peers.insert(place, at: peer)
    }

    /// A peer is gone. The record of its address stays for a while, so that nobody gets a clean one by coming
    /// back.
    mutating func disconnected(_ peer: Int, now: Instant) {
        guard let index = self.peers.index(of: peer) else { return }
        let place = self.peers.remove(at: index)
        self.records[place]?.connectedCount -= 1
        guard let record = self.records[place], record.connectedCount == 0 else { return }
        self.records[place] = nil
        self.freePlaces.append(place)
        self.places[record.source] = nil
        _ = self.departed.set(
            record.source, record.counters, expires: now + self.parameters.retainStatistics)
    }

    private mutating func add(_ source: Source) -> Int {
        let record = Record(source: source, counters: self.departed.remove(source) ?? Counters())
        let place: Int
        if let free = self.freePlaces.popLast() {
            place = free
            self.records[place] = record
        } else {
            place = self.records.count
            self.records.append(record)
        }
        self.places[source] = place
        return place
    }

    // MARK: Messages

    /// A message goes into validation.
    mutating func validationStarted() {
        self.validated += 1
    }

    /// A message of a peer was accepted.
    mutating func delivered(from peer: Int) {
        self.count(peer) { $0.delivered += 1 }
    }

    /// A peer sent what was known.
    mutating func duplicate(from peer: Int) {
        self.count(peer) { $0.duplicate += 1 }
    }

    /// A message of a peer was dropped. That there was no room for it is not the peer's doing.
    mutating func rejected(from peer: Int, _ reason: RejectReason, now: Instant) {
        switch reason {
        case .validationQueueFull, .validationThrottled:
            self.lastThrottled = now
            self.throttled += 1
        case .validationIgnored: self.count(peer) { $0.ignored += 1 }
        default: self.count(peer) { $0.rejected += 1 }
        }
    }

    private mutating func count(_ peer: Int, _ change: (inout Counters) -> Void) {
        guard let index = self.peers.index(of: peer), self.records[self.peers[index]] != nil else { return }
        change(&self.records[self.peers[index]]!.counters)
    }

    // MARK: The gate

    /// Returns whether the messages of an RPC may be validated; if not, only its control messages are to be
    /// looked at.
    mutating func accepts(_ peer: Int, now: Instant, using prng: inout PRNG) -> Bool {
        guard let last = self.lastThrottled, now - last <= self.parameters.quiet, self.throttled != 0
        else { return true }
        if self.validated != 0, self.throttled / self.validated < self.parameters.threshold { return true }
        guard let index = self.peers.index(of: peer), let record = self.records[self.peers[index]]
        else { return true }
        let counters = record.counters
        let total =
            counters.delivered + self.parameters.duplicateWeight * counters.duplicate
            + self.parameters.ignoreWeight * counters.ignored
            + self.parameters.rejectWeight * counters.rejected
        guard total != 0 else { return true }
        // With one more than it delivered: no address is ever shut out.
        return Self.fraction(&prng) < (1 + counters.delivered) / (1 + total)
    }

    /// Returns a number from 0 to below 1 of 53 random bits.
    private static func fraction(_ prng: inout PRNG) -> Double {
        Double(prng.next() >> 11) * 0x1p-53
    }

    // MARK: Decay

    /// When counters decay next; nil before the first peer came.
    var nextDecay: Instant? { self.schedule.next }

    /// Decays as often as an interval passed since the last time; nothing when none has.
    mutating func decayIfDue(now: Instant) {
        let count = self.schedule.take(now: now)
        guard count > 0 else { return }
        let decay = CounterDecay(count: count, decayToZero: self.parameters.decayToZero)
        decay.apply(self.parameters.globalDecay, to: &self.validated)
        decay.apply(self.parameters.globalDecay, to: &self.throttled)
        let factor = self.parameters.sourceDecay
        for place in self.records.indices where self.records[place] != nil {
            decay.apply(factor, to: &self.records[place]!.counters.delivered)
            decay.apply(factor, to: &self.records[place]!.counters.duplicate)
            decay.apply(factor, to: &self.records[place]!.counters.ignored)
            decay.apply(factor, to: &self.records[place]!.counters.rejected)
        }
        _ = self.departed.expire(now: now)
    }
}
