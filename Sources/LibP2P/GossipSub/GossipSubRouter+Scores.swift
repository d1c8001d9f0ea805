import LibP2PCore

// MARK: - What scores lead to (gossipsub v1.1, "Score Thresholds")
extension GossipSubRouter {
    /// A connected peer's score.
    func score(of peer: Int) -> Double {
        scores?.score(of: peer) ?? 0
    }

    /// Whether own messages may go to a peer outside of the mesh.
    func mayPublish(to peer: Int) -> Bool {
        peers[peer].isDirect || score(of: peer) >= parameters.thresholds.publish
    }

    /// Whether anything of a peer is read, besides what it subscribes to.
    func isHeard(_ peer: Int) -> Bool {
        peers[peer].isDirect || score(of: peer) >= parameters.thresholds.graylist
    }

    /// Whether a peer's messages are read while there is more than can be validated.
    mutating func passesGater(_ peer: Int, now: Instant) -> Bool {
        guard !peers[peer].isDirect else { return true }
        return gater?.accepts(peer, now: now, using: &prng) ?? true
    }

    /// Sends a peer out of all meshes as soon as nothing of it is read any more: the heartbeat would do it,
    /// but until then it would get messages.
    mutating func dropIfGraylisted(_ peer: Int, now: Instant, into outputs: inout [Output]) {
        guard scores != nil, peers.contains(peer), !isHeard(peer) else { return }
        for topic in topics.order where topics[topic].mesh.contains(peer) {
            prune(peer, from: topic, .negativeScore, now: now, into: &outputs)
        }
    }

    /// Forgets what a peer promised: we could not have taken it.
    mutating func forgivePromises(of peer: Int) {
        for promise in promiseQueue where promise.peer == peer {
            promised[promise.id]?.remove(peer)
            if promised[promise.id]?.isEmpty == true { promised[promise.id] = nil }
        }
        promiseQueue.removeAll { $0.peer == peer }
    }

    mutating func setBlockedPeers(_ blocked: Set<PeerID>, now: Instant, into outputs: inout [Output]) {
        blockedPeers = blocked
        for peer in peers.order where blocked.contains(peers[peer].id) {
            for topic in topics.order where topics[topic].mesh.contains(peer) {
                prune(peer, from: topic, .notAllowed, now: now, into: &outputs)
            }
        }
    }
}
