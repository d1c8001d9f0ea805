import LibP2P
import LibP2PCore
import NIOCore

/// Dials the peers that the router wants: direct peers at their configured addresses, and peers from exchange
/// at those that they signed. Confined to the host's loop.
final class GossipSubDialer {
    private struct Wanted {
        let peer: PeerID
        let candidates: [DialCandidate]
    }

    /// Where direct peers are, as configured.
    var directAddresses: [PeerID: [Multiaddr]] = [:]

    private let host: Host
    private let connectors: Int
    private let pendingMax: Int
    private let timeout: Duration
    private var pending: [Wanted] = []
    private var dialling: Set<PeerID> = []

    init(host: Host, parameters: GossipSubParameters) {
        self.host = host
        connectors = max(parameters.connectors, 1)
        pendingMax = parameters.maxPendingConnections
        timeout = parameters.connectionTimeout
    }

    /// Dials a peer now or when there is room; more than may wait are forgotten, and offered again some day.
    func dial(_ peer: PeerID, _ addresses: [Multiaddr], _ reason: DialReason) {
        let candidates =
            switch reason {
            case .direct: (directAddresses[peer] ?? []).map { DialCandidate($0, .typed) }
            case .peerExchange: addresses.map { DialCandidate($0, .unsolicited) }
            }
        guard !candidates.isEmpty, !dialling.contains(peer), !pending.contains(where: { $0.peer == peer }),
            pending.count < pendingMax
        else { return }
        pending.append(Wanted(peer: peer, candidates: candidates))
        dialNext()
    }

    /// Forgets what waits.
    func stop() {
        pending = []
    }

    private func dialNext() {
        while dialling.count < connectors, !pending.isEmpty {
            let wanted = pending.removeFirst()
            guard host.connections(to: wanted.peer).isEmpty else { continue }
            dialling.insert(wanted.peer)
            host.dial(wanted.candidates, expecting: wanted.peer, deadline: timeout).assumeIsolated()
                .whenComplete { [weak self] _ in
                    // Observers hear of a connection; a failure is no news.
                    guard let self else { return }
                    dialling.remove(wanted.peer)
                    dialNext()
                }
        }
    }
}
