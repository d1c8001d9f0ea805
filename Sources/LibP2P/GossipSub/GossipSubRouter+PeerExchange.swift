import LibP2PCore

// MARK: - Peer exchange (gossipsub v1.1, "Peer Exchange")
extension GossipSubRouter {
    /// Whether peers of a topic are told of each other: not on topics that only some may be on, where that
    /// would tell strangers who they are.
    private func exchangesPeers(_ topic: Int) -> Bool {
        parameters.exchangesPeers && topics[topic].allowed == nil
    }

    /// Keeps what a peer signed about its addresses.
    mutating func recordReceived(_ record: [UInt8], of id: PeerID) {
        guard record.count <= PeerRecord.maxEnvelopeSize, let peer = peers.number(of: id) else { return }
        peers[peer].signedRecord = record
    }

    /// Some of the good peers of a topic, for one that we send away; each with its signed record.
    mutating func peersToOffer(_ topic: Int, to receiver: Int) -> [RPC.OfferedPeer] {
        guard exchangesPeers(topic) else { return [] }
        var candidates = topics[topic].subscribers.filter {
            $0 != receiver && peers[$0].signedRecord != nil && score(of: $0) >= 0
        }
        prng.shuffle(&candidates, prefix: parameters.prunePeers)
        return candidates.prefix(parameters.prunePeers).map {
            RPC.OfferedPeer(peerID: peers[$0].id.bytes, signedPeerRecord: peers[$0].signedRecord)
        }
    }

    /// Has some of the peers dialled that a PRUNE offers. Only what a peer said of itself is believed.
    mutating func takeOffers(
        _ offers: [RPC.OfferedPeer], from peer: Int, _ topic: Int, into outputs: inout [Output]
    ) {
        guard !offers.isEmpty, exchangesPeers(topic),
            score(of: peer) >= parameters.thresholds.acceptPX
        else { return }
        var chosen = offers
        prng.shuffle(&chosen, prefix: parameters.prunePeers)
        for offer in chosen.prefix(parameters.prunePeers) {
            guard let id = PeerID(bytes: offer.peerID), id != localPeer, peers.number(of: id) == nil,
                !blockedPeers.contains(id), let envelope = offer.signedPeerRecord,
                let record = PeerRecord(envelope: envelope), record.peer == id, !record.addresses.isEmpty
            else { continue }
            topics[topic].counters.peersOffered += 1
            outputs.append(.dial(id, record.addresses, .peerExchange))
        }
    }
}
