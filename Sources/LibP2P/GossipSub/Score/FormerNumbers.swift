import LibP2PCore

/// Whom the numbers of peers that left belonged to, for as long as records of messages may name them.
///
/// A message that a peer sent counts for or against it when it is judged, even if the peer left meanwhile, or
/// left and came back. Records therefore name a peer by one number for all its connections: the first of
/// them, its *standing* number.
struct FormerNumbers: Sendable {
    private var ids: ExpiringTable<Int, PeerID>
    private var standing: ExpiringTable<PeerID, Int>
    /// The present numbers of those that came back, by their standing ones.
    private var returned: [Int: Int] = [:]

    init(countMax: Int) {
        self.ids = ExpiringTable(countMax: countMax)
        self.standing = ExpiringTable(countMax: countMax)
    }

    /// Returns the standing number of a peer that comes and is given `number`.
    mutating func connected(_ id: PeerID, as number: Int) -> Int {
        guard let standing = self.standing.remove(id) else { return number }
        self.returned[standing] = number
        return standing
    }

    /// Remembers the numbers of a peer that leaves.
    mutating func disconnected(_ id: PeerID, _ number: Int, standing: Int, expires: Instant) {
        if standing != number {
            self.returned[standing] = nil
            _ = self.ids.set(standing, id, expires: expires)
        }
        _ = self.ids.set(number, id, expires: expires)
        _ = self.standing.set(id, standing, expires: expires)
    }

    /// Returns the present number of a peer that came back.
    func present(_ standing: Int) -> Int? {
        self.returned.isEmpty ? nil : self.returned[standing]
    }

    /// Returns whose number it was.
    func id(_ number: Int) -> PeerID? {
        self.ids.isEmpty ? nil : self.ids[number]
    }

    /// Returns the standing number of a peer that left.
    func standing(_ id: PeerID) -> Int? { self.standing[id] }

    mutating func expire(now: Instant) {
        _ = self.ids.expire(now: now)
        _ = self.standing.expire(now: now)
    }
}
