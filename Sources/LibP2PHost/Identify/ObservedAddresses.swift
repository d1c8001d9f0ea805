import LibP2PCore

/// Where peers see us, and who said so: one peer's word is not enough to believe it.
struct ObservedAddresses {
    /// Addresses that are kept; inbound connections show a passing port, so most are seen by one peer alone.
    private static let maxAddressCount = 64

    /// Oldest first.
    private var entries: [(address: Multiaddr, observers: Set<PeerID>)] = []

    /// Notes that `observer` saw us at `address`; the oldest address with the fewest observers gives way.
    mutating func insert(_ address: Multiaddr, from observer: PeerID) {
        if let index = self.entries.firstIndex(where: { $0.address == address }) {
            self.entries[index].observers.insert(observer)
            return
        }
        if self.entries.count == Self.maxAddressCount,
            let weakest = self.entries.indices.min(by: {
                self.entries[$0].observers.count < self.entries[$1].observers.count
            })
        {
            self.entries.remove(at: weakest)
        }
        self.entries.append((address, [observer]))
    }

    /// Forgets what a peer said.
    mutating func remove(observer: PeerID) {
        for index in self.entries.indices { self.entries[index].observers.remove(observer) }
        self.entries.removeAll { $0.observers.isEmpty }
    }

    /// Returns the addresses that at least `count` connected peers saw, most observers first.
    func addresses(seenBy count: Int) -> [Multiaddr] {
        self.entries.enumerated().filter { $0.element.observers.count >= count }
            .sorted { ($1.element.observers.count, $0.offset) < ($0.element.observers.count, $1.offset) }
            .map(\.element.address)
    }
}
