import DescordCore
import LibP2P
import LibP2PCore

/// What becomes of messages on the topics of presence, before anything of them is queued or stored.
struct PresenceGate {
    private var rates: PresenceRates

    /// Makes a gate that takes each author's heartbeats once in an interval.
    init(interval: Duration) {
        self.rates = PresenceRates(interval: interval)
    }

    /// A heartbeat is passed on, each author's so often; everything else is of no use here, and nobody is
    /// blamed for it.
    mutating func judge(_ data: [UInt8], by author: PeerID?, now: Instant) -> ValidationResult {
        guard let author, let heartbeat = PresenceHeartbeat(recognising: data),
            self.rates.take(heartbeat.kind, from: author, now: now)
        else { return .ignore }
        return .presence
    }
}
