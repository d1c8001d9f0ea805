import LibP2PCore

// MARK: - Explicit peering agreements (gossipsub v1.1, "Explicit Peering Agreements")
extension GossipSubRouter {
    mutating func setDirectPeers(_ direct: Set<PeerID>, now: Instant, into outputs: inout [Output]) {
        directPeers = direct.subtracting([localPeer])
        for peer in peers.order {
            peers[peer].isDirect = directPeers.contains(peers[peer].id)
            updatePushed(peer)
            guard peers[peer].isDirect else { continue }
            for topic in topics.order {
                topics[topic].fanout.remove(peer)
                if topics[topic].mesh.contains(peer) {
                    prune(peer, from: topic, .direct, now: now, into: &outputs)
                }
            }
        }
        nextDirectDial = directPeers.isEmpty ? nil : now + parameters.directConnectInitialDelay
    }

    /// Dials those that are not connected, when it is time.
    mutating func dialDirectPeers(now: Instant, into outputs: inout [Output]) {
        guard let due = nextDirectDial, due <= now else { return }
        nextDirectDial = now + parameters.heartbeatInterval * max(parameters.directConnectTicks, 1)
        for peer in directPeers.sorted() where peers.number(of: peer) == nil {
            outputs.append(.dial(peer, [], .direct))
        }
    }
}
