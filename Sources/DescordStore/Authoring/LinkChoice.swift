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

    /// Operations that are looked at for the heads below those too far ahead: what the budget of one author
    /// permits in the ten minutes by which its clock may be ahead.
    private static let lookedAtMax = 16_384

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
    /// them: what they follow stands in for them.
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
        // A newcomer's join follows something, and the genesis is all that a public space needs for it.
        return joining && chosen.isEmpty ? [self.row.id] : chosen
    }

    /// Returns the clock of a stored operation.
    func clock(of id: OperationID) throws -> HybridLogicalClock? {
        try self.db.integer("SELECT clock FROM operations WHERE id = ?", [id.data])
            .map { HybridLogicalClock(rawValue: UInt64(bitPattern: $0)) }
    }

    /// The heads of what is in force and not too far ahead of us.
    ///
    /// Were the tips that are too far ahead left out and no more, one member whose clock runs ahead would cut
    /// everybody off from what came before its message: from new channels, and a newcomer from its own
    /// admission.
    private func tips() throws -> [Candidate] {
        try self.row.saveFrontiers(self.db)
        let tips = try self.candidates(
            "SELECT o.id, o.author, o.clock, o.kind FROM tips t JOIN operations o ON o.id = t.id "
                + "WHERE t.space = ?"
        )
        let near = tips.filter { $0.clock.isLinkable(at: self.now) }
        let far = tips.filter { !$0.clock.isLinkable(at: self.now) && $0.id != self.previous }
        guard !far.isEmpty else { return near }
        // What our own previous operation follows needs no second link, also when that is too far ahead.
        guard let covered = try self.followed(by: [self.previous].compactMap { $0 }),
            let below = try self.followed(by: far.map(\.id))
        else {
            // Too many to look at: what decides about permission is enough.
            return try near + self.newestAuthority()
        }
        let known = Set(covered.map(\.id))
        let reached = below.filter { !known.contains($0.id) }
        guard let oldest = reached.map(\.clock).min() else { return near }
        let rows = try self.db.rows(
            """
            SELECT clock, links FROM operations WHERE space = ? AND clock > ? AND state = 0
            ORDER BY clock LIMIT ?
            """, [self.row.number, Int64(bitPattern: oldest.rawValue), Self.lookedAtMax])
        let linked = Set(rows.filter(self.isLinkable).flatMap { SpaceEntry.links($0["links"]) })
        return near + reached.filter { !linked.contains($0.id) }
    }

    /// Returns what is in force, not too far ahead, and followed by one of `ids` directly or through what is
    /// neither; nothing for an id that could itself be linked to. Nil when there is too much to look at.
    private func followed(by ids: [OperationID]) throws -> [Candidate]? {
        var found: [Candidate] = []
        var waiting = ids
        var seen = Set(ids)
        while let id = waiting.popLast() {
            guard seen.count <= Self.lookedAtMax else { return nil }
            guard
                let row = try self.db.row(
                    "SELECT id, author, clock, kind, links, state FROM operations WHERE id = ?", [id.data])
            else { continue }
            if self.isLinkable(row), (row["state"] as Int64) == 0 {
                if !ids.contains(id), let candidate = self.candidate(row) { found.append(candidate) }
            } else {
                waiting += SpaceEntry.links(row["links"]).filter { seen.insert($0).inserted }
            }
        }
        return found
    }

    private func isLinkable(_ row: Row) -> Bool {
        HybridLogicalClock(rawValue: UInt64(bitPattern: row["clock"])).isLinkable(at: self.now)
    }

    /// Each author's newest authority operation that is not too far ahead; joins decide nothing until
    /// somebody admits them.
    private func newestAuthority() throws -> [Candidate] {
        let tooFar = HybridLogicalClock(self.now + HybridLogicalClock.maxLinkLead + .milliseconds(1))
        return try self.db.rows(
            """
            SELECT id, author, clock, kind, max(sequence) FROM operations
            WHERE space = ? AND kind < 1000 AND kind <> 20 AND state = 0 AND clock < ? GROUP BY author
            """, [self.row.number, Int64(bitPattern: tooFar.rawValue)]
        ).compactMap { self.candidate($0) }
    }

    /// A newcomer's: the heads of the authority operations in force. Those that wait for content, which is
    /// fetched after the admission, may turn out invalid, and the join with them.
    private func authorityHeads() throws -> [Candidate] {
        let rows = try self.db.rows(
            """
            SELECT id, author, clock, kind, links FROM operations
            WHERE space = ? AND kind < 1000 AND state = 0
            """, [self.row.number]
        ).filter(self.isLinkable)
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
