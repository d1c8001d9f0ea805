import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// Chooses what a new operation links to beside its author's previous one.
struct LinkChoice {
    let db: Database
    let row: SpaceRow
    let own: Ed25519.PublicKey
    let previous: OperationID?
    let now: WallTime

    private struct Candidate {
        let id: OperationID
        let author: Data
        let clock: HybridLogicalClock
        let isAuthority: Bool
    }

    /// Returns at most 8 ids: `required` ones, then authority heads, then others, one an author, newest
    /// first.
    ///
    /// Operations that are further ahead of us than 60 seconds are not linked to, nor moves our clock to
    /// them.
    func dependencies(required: [OperationID], joining: Bool) throws -> [OperationID] {
        var chosen = required.filter { $0 != self.previous }
        var authors: Set<Data> = [self.own.data]
        var candidates = try joining ? self.authorityHeads() : self.tips()
        if candidates.count > OperationHeader.maxDependencyCount - chosen.count, !joining {
            // Not everything fits, so what decides about permission goes first.
            candidates = try self.newestAuthority() + candidates
        }
        let isOrdered: (Candidate, Candidate) -> Bool = { a, b in
            a.isAuthority != b.isAuthority ? a.isAuthority : (a.clock, a.id) > (b.clock, b.id)
        }
        for candidate in candidates.sorted(by: isOrdered) {
            guard chosen.count < OperationHeader.maxDependencyCount else { break }
            guard candidate.id != self.previous, !chosen.contains(candidate.id),
                candidate.clock.isLinkable(at: self.now), authors.insert(candidate.author).inserted
            else { continue }
            chosen.append(candidate.id)
        }
        return chosen
    }

    /// Returns the clock of a stored operation.
    func clock(of id: OperationID) throws -> HybridLogicalClock? {
        try self.db.integer("SELECT clock FROM operations WHERE id = ?", [id.data])
            .map { HybridLogicalClock(rawValue: UInt64(bitPattern: $0)) }
    }

    /// The heads of what is in force.
    private func tips() throws -> [Candidate] {
        try self.candidates(
            "SELECT o.id, o.author, o.clock, o.kind FROM tips t JOIN operations o ON o.id = t.id "
                + "WHERE t.space = ?"
        )
    }

    /// Each author's newest authority operation; joins decide nothing until somebody admits them.
    private func newestAuthority() throws -> [Candidate] {
        try self.candidates(
            """
            SELECT id, author, clock, kind, max(sequence) FROM operations
            WHERE space = ? AND kind < 1000 AND kind <> 20 AND state = 0 GROUP BY author
            """)
    }

    /// A newcomer's: the heads of the authority operations in force. Those that wait for content, which is
    /// fetched after the admission, may turn out invalid, and the join with them.
    private func authorityHeads() throws -> [Candidate] {
        let rows = try self.db.rows(
            """
            SELECT id, author, clock, kind, links FROM operations
            WHERE space = ? AND kind < 1000 AND state = 0
            """, [self.row.number])
        let linked = Set(rows.flatMap { SpaceEntry.links($0["links"]) })
        return rows.compactMap { self.candidate($0) }.filter { !linked.contains($0.id) }
    }

    private func candidates(_ sql: String) throws -> [Candidate] {
        try self.db.rows(sql, [self.row.number]).compactMap { self.candidate($0) }
    }

    private func candidate(_ row: Row) -> Candidate? {
        guard let id = row.id("id") else { return nil }
        return Candidate(
            id: id, author: row["author"],
            clock: HybridLogicalClock(rawValue: UInt64(bitPattern: row["clock"])),
            isAuthority: (row["kind"] as Int64) < 1000)
    }
}
