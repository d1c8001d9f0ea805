import LibP2PCore

// MARK: - Peers coming and going
extension PeerScore {
    /// A peer can be sent RPCs, or its address is another one now. What was kept of it counts again.
    mutating func connected(_ peer: Int, id: PeerID, address: Multiaddr?, now: Instant) {
        self.schedule.start(now: now)
        let addresses = self.countedAddresses(address)
        if let index = self.peers.index(of: peer) {
            let former = self.peers[index].statistics.addresses
            self.peers[index].statistics.addresses = addresses
            self.replace(former, by: addresses)
            self.refreshColocation(index)
            return
        }
        var statistics = self.departed.remove(id) ?? Statistics()
        let former = statistics.addresses
        statistics.addresses = addresses
        let state = Peer(
            id: id, standing: self.former.connected(id, as: peer),
            applicationScore: self.applicationScore(of: id), statistics: statistics)
        let index = self.peers.insert(state, at: peer)
        self.replace(former, by: addresses)
        self.refreshColocation(index)
        self.numbers[id] = peer
        self.newestPeer = max(self.newestPeer, peer)
    }

    /// A peer is gone. A positive score is forgotten, so that nobody lives on old merit; another one is kept,
    /// so that nobody gets rid of it by leaving (gossipsub v1.1, "Score Retention").
    mutating func disconnected(_ peer: Int, now: Instant) {
        guard let index = self.peers.index(of: peer) else { return }
        let score = self.score(of: peer)
        var state = self.peers.remove(at: index)
        self.numbers[state.id] = nil
        // Messages that it sent may still be told of, and are then remembered for their time.
        let ttl = self.parameters.seenMessageTTL
        self.former.disconnected(state.id, peer, standing: state.standing, expires: now + ttl + ttl)
        guard score <= 0 else {
            self.replace(state.statistics.addresses, by: [])
            return
        }
        self.leave(&state.statistics)
        self.keep(state.statistics, of: state.id, until: now + self.parameters.retainScore)
    }

    /// Turns the statistics of a connected peer into those of one that left.
    func leave(_ statistics: inout Statistics) {
        for index in statistics.topics.indices {
            statistics.topics[index].leave(self.topics[statistics.topics[index].topic].rules)
        }
    }

    /// Keeps the statistics of a peer that is not connected.
    mutating func keep(_ statistics: Statistics, of id: PeerID, until expires: Instant) {
        if let (_, evicted) = self.departed.set(id, statistics, expires: expires) {
            self.replace(evicted.addresses, by: [])
        }
    }

    // MARK: Addresses

    /// Returns what a connection counts under for P6.
    private func countedAddresses(_ address: Multiaddr?) -> [IPKey] {
        IPKey.colocation(address).filter { key in
            !self.parameters.ipColocationFactorWhitelist.contains { $0.contains(key.bytes) }
        }
    }

    /// Counts a peer under its new addresses instead of the old ones; under each once, though it may be there
    /// twice: as an address and as the /64 that the address is the first of.
    mutating func replace(_ old: [IPKey], by new: [IPKey]) {
        for (index, key) in old.enumerated() where !old[..<index].contains(key) { self.count(key, by: -1) }
        for (index, key) in new.enumerated() where !new[..<index].contains(key) { self.count(key, by: 1) }
    }

    private mutating func count(_ key: IPKey, by change: Int) {
        let before = self.colocated[key] ?? 0
        let count = before + change
        self.colocated[key] = count > 0 ? count : nil
        // Below the threshold it is nothing to anybody.
        guard max(before, count) > self.parameters.ipColocationFactorThreshold else { return }
        for index in self.peers.indices where self.peers[index].statistics.addresses.contains(key) {
            self.refreshColocation(index)
        }
    }

    /// Counts those behind a connected peer's addresses again.
    private mutating func refreshColocation(_ index: Int) {
        self.peers[index].colocationFactor = self.colocationFactor(self.peers[index].statistics.addresses)
        self.refresh(index)
    }
}
