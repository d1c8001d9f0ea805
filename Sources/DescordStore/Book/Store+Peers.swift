import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// Addresses of one peer.
    public static let maxAddressesPerPeer = 8
    /// Peers in the book: the members of a few large spaces.
    public static let maxPeers = 4_096

    // MARK: - Addresses

    /// Puts an address into the book after a handshake with the expected peer, or a failed one beside those
    /// that are there. A better source (a smaller number) replaces a worse one.
    public func dialSucceeded(
        _ peer: PeerID, address: Multiaddr, source: AddressOrigin, at time: WallTime? = nil
    ) throws(StoreError) {
        let time = (time ?? self.wallTime()).milliseconds
        try self.write { db in
            try Self.insert(db, peer, address, source, time)
            try db.run(
                "UPDATE addresses SET last_success = ?, failures = 0 WHERE peer = ? AND address = ?",
                [time, peer.data, Data(address.bytes)])
            try Self.trim(db, peer)
        }
    }

    /// Counts failed dials; nothing is added.
    public func dialFailed(
        _ peer: PeerID, addresses: [Multiaddr], at time: WallTime? = nil
    ) throws(StoreError) {
        let time = (time ?? self.wallTime()).milliseconds
        try self.write { db in
            for address in addresses {
                try db.run(
                    "UPDATE addresses SET last_failure = ?, failures = failures + 1 WHERE peer = ? AND "
                        + "address = ?",
                    [time, peer.data, Data(address.bytes)])
            }
        }
    }

    /// Puts an address into the book without a handshake: only what a person typed or a ticket holds.
    public func addAddress(
        _ peer: PeerID, _ address: Multiaddr, source: AddressOrigin, at time: WallTime? = nil
    ) throws(StoreError) {
        let time = (time ?? self.wallTime()).milliseconds
        try self.write { db in
            try Self.insert(db, peer, address, source, time)
            try Self.trim(db, peer)
        }
    }

    /// What the book and the members' records say of these peers, or of everybody: what worked last first,
    /// then typed, ticket, record and the rest; at most 8 addresses a peer.
    public func candidates(for peers: [PeerID]? = nil) throws(StoreError) -> [PeerAddress] {
        try self.read { db in
            let wanted = peers.map { Set($0) }
            var found: [PeerAddress] = try db.rows("SELECT * FROM addresses").compactMap { PeerAddress($0) }
            var known = Set(found.map { Key(peer: $0.peer, address: $0.address) })
            for row in try db.rows("SELECT * FROM peer_records WHERE peer <> ?", [self.peerID.data]) {
                guard let record = PeerRecord(envelope: Array(row["envelope"] as Data)) else { continue }
                for address in record.addresses.prefix(Self.maxAddressesPerPeer)
                where known.insert(Key(peer: record.peer, address: address)).inserted {
                    found.append(
                        PeerAddress(
                            peer: record.peer, address: address, source: .record, lastSuccess: nil,
                            lastFailure: nil, failures: 0, recordReceived: row.time("received")))
                }
            }
            var counts: [PeerID: Int] = [:]
            return found.filter { wanted?.contains($0.peer) ?? true && $0.peer != self.peerID }
                .sorted { Self.order($0) < Self.order($1) }
                .filter {
                    counts[$0.peer, default: 0] += 1
                    return counts[$0.peer, default: 0] <= Self.maxAddressesPerPeer
                }
        }
    }

    /// The same by peer, who was reached last first; at most `limit` peers.
    public func dialCandidates(for peers: [PeerID]? = nil, limit: Int) throws(StoreError) -> [PeerBookEntry] {
        Array(try self.peerBook(peers).prefix(limit))
    }

    /// Everybody in the book and in the members' records, who was reached last first.
    public func peerBook(_ peers: [PeerID]? = nil) throws(StoreError) -> [PeerBookEntry] {
        var order: [PeerID] = []
        var addresses: [PeerID: [PeerAddress]] = [:]
        for entry in try self.candidates(for: peers) {
            if addresses[entry.peer] == nil { order.append(entry.peer) }
            addresses[entry.peer, default: []].append(entry)
        }
        let agents = try self.agents()
        return order.map { PeerBookEntry(peer: $0, addresses: addresses[$0] ?? [], agent: agents[$0]) }
    }

    /// Remembers what a peer calls its program.
    public func rememberAgent(_ agent: String, of peer: PeerID, at time: WallTime? = nil) throws(StoreError) {
        let time = (time ?? self.wallTime()).milliseconds
        try self.write { db in
            try db.run(
                "INSERT OR REPLACE INTO agents VALUES (?, ?, ?)",
                [peer.data, String(agent.prefix(128)), time])
            try db.run(
                """
                DELETE FROM agents WHERE peer IN (SELECT peer FROM agents
                    ORDER BY seen DESC LIMIT -1 OFFSET ?)
                """, [Self.maxPeers])
        }
    }

    private func agents() throws(StoreError) -> [PeerID: String] {
        try self.read { db in
            try db.rows("SELECT peer, agent FROM agents").reduce(into: [:]) { agents, row in
                if let peer = PeerID(bytes: row["peer"] as Data) { agents[peer] = row["agent"] }
            }
        }
    }

    private struct Key: Hashable {
        let peer: PeerID
        let address: Multiaddr
    }

    private struct Order: Comparable {
        let key: (Int64, Int, Int)
        let peer: PeerID
        let address: [UInt8]
        static func == (a: Order, b: Order) -> Bool {
            a.key == b.key && a.peer == b.peer && a.address == b.address
        }
        static func < (a: Order, b: Order) -> Bool {
            if a.key != b.key { return a.key < b.key }
            if a.peer != b.peer { return a.peer < b.peer }
            return a.address.lexicographicallyPrecedes(b.address)
        }
    }

    private static func order(_ entry: PeerAddress) -> Order {
        Order(
            key: (-(entry.lastSuccess?.milliseconds ?? 0), entry.source.rawValue, entry.failures),
            peer: entry.peer, address: entry.address.bytes)
    }

    private static func insert(
        _ db: Database, _ peer: PeerID, _ address: Multiaddr, _ source: AddressOrigin, _ time: Int64
    ) throws {
        let known = try db.exists("SELECT 1 FROM addresses WHERE peer = ?", [peer.data])
        let count = try db.integer("SELECT count(DISTINCT peer) FROM addresses") ?? 0
        if !known, count >= Int64(Self.maxPeers) {
            // The one that was not reached for longest makes room.
            try db.run(
                """
                DELETE FROM addresses WHERE peer = (SELECT peer FROM addresses GROUP BY peer
                    ORDER BY max(coalesce(last_success, 0)), max(added) LIMIT 1)
                """)
        }
        try db.run(
            """
            INSERT INTO addresses (peer, address, source, added) VALUES (?, ?, ?, ?)
            ON CONFLICT (peer, address) DO UPDATE SET source = min(source, excluded.source)
            """, [peer.data, Data(address.bytes), source.rawValue, time])
    }

    private static func trim(_ db: Database, _ peer: PeerID) throws {
        try db.run(
            """
            DELETE FROM addresses WHERE peer = ?1 AND address NOT IN (
                SELECT address FROM addresses WHERE peer = ?1
                ORDER BY coalesce(last_success, 0) DESC, source, added DESC LIMIT ?2)
            """, [peer.data, Self.maxAddressesPerPeer])
    }

    // MARK: - Signed records

    /// Keeps a peer's newer record, whose envelope was opened; false when what we have is as new.
    @discardableResult
    public func saveRecord(
        _ record: PeerRecord, envelope: [UInt8], at now: WallTime? = nil
    ) throws(StoreError) -> Bool {
        let now = (now ?? self.wallTime()).milliseconds
        guard record.sequence <= UInt64(Int64.max) else { return false }
        return try self.write { db in
            try db.run(
                """
                INSERT INTO peer_records VALUES (?, ?, ?, ?)
                ON CONFLICT (peer) DO UPDATE SET sequence = excluded.sequence, envelope = excluded.envelope,
                    received = excluded.received WHERE excluded.sequence > sequence
                """, [record.peer.data, Int64(record.sequence), Data(envelope), now])
            return db.changesCount > 0
        }
    }

    /// Keeps our own record, as it was announced.
    public func saveOwnRecord(
        _ record: PeerRecord, envelope: [UInt8], at now: WallTime? = nil
    ) throws(StoreError) {
        try self.saveRecord(record, envelope: envelope, at: now)
    }

    /// Our own record, as it was announced last; nil before the first.
    public func ownRecord() throws(StoreError) -> SyncRecord? {
        try self.read { db in
            try db.row("SELECT * FROM peer_records WHERE peer = ?", [self.peerID.data])
                .flatMap { SyncRecord($0) }
        }
    }

    /// The addresses that the newest own record states; empty before the first.
    public func ownAddresses() throws(StoreError) -> [Multiaddr] {
        try self.ownRecord().flatMap { PeerRecord(envelope: $0.envelope) }?.addresses ?? []
    }
}

extension PeerAddress {
    init?(_ row: Row) {
        guard let peer = PeerID(bytes: row["peer"] as Data),
            let address = Multiaddr(bytes: row["address"] as Data),
            let source = AddressOrigin(rawValue: row["source"])
        else { return nil }
        self.init(
            peer: peer, address: address, source: source, lastSuccess: row.time("last_success"),
            lastFailure: row.time("last_failure"), failures: row["failures"])
    }
}
