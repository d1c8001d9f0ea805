import DescordCore
import DescordCrypto
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// Whatever somebody writes who acts with a rank of at most k changes nothing that acts with a higher one.
@Suite struct RankSafetyTests {
    private struct State {
        /// The rank with which each operation in force acts.
        var acting: [OperationID: UInt32] = [:]
        var members: [Ed25519.PublicKey: UInt32] = [:]
    }

    @Test(.timeLimit(.minutes(600)))
    func nobodyReachesAboveItsRank() throws {
        let rounds = 150 * Randomised.scale
        var (compared, revocations) = (0, 0)
        for round in 0..<rounds {
            let seed = Randomised.seed &+ UInt64(round)
            var history = AuthorityHistory(seed: seed, size: 30)
            let before = history.operations
            // Mostly somebody who has something to attack with.
            let ranks = AuthorityModel(before).members()
            let strongest = (1..<5).max { a, b in
                (ranks[history.publicKey(of: a)] ?? 0) < (ranks[history.publicKey(of: b)] ?? 0)
            }
            let attacker = history.below(4) == 0 ? 1 + history.below(4) : strongest ?? 1
            history.goOn(by: attacker, steps: 40)
            let key = history.publicKey(of: attacker)
            let home = try TestHome(seed: 99)
            try home.store.beginJoin(history.space)
            _ = try home.store.ingest(before, from: .sync(PeerID(person(40).publicKey)))
            let earlier = try Self.state(of: before, in: history.space, home.store)
            let added = history.operations.dropFirst(before.count)
            _ = try home.store.ingest(Array(added), from: .sync(PeerID(person(40).publicKey)))
            let later = try Self.state(of: history.operations, in: history.space, home.store)
            let reach = try Self.reach(of: key, history.operations, in: history.space, home.store)
            revocations += added.count { $0.kind.revokes && later.acting[$0.id] != nil }
            for operation in before where operation.author != key {
                guard let rank = earlier.acting[operation.id], Int(rank) > reach else { continue }
                compared += 1
                let now = later.acting[operation.id]
                #expect(
                    now == rank,
                    "SEED=\(seed): kind \(operation.kind.rawValue): \(rank), now \(String(describing: now))"
                )
                if now != rank { return }
            }
            for (member, rank) in earlier.members where member != key && Int(rank) > reach {
                #expect(later.members[member] == rank, "SEED=\(seed): a member of rank \(rank) has another")
            }
        }
        // Attackers who reach nothing would prove nothing.
        #expect(compared > rounds && revocations > rounds / 8)
        print("rank safety: \(compared) operations above \(rounds) attackers, \(revocations) revocations")
    }

    private static func state(of operations: [Operation], in space: SpaceID, _ store: Store) throws -> State {
        try store.read { db in
            guard let row = try SpaceRow.find(db, space) else { return State() }
            let rules = SpaceRules(StoreLookup(db: db, row: row))
            var state = State()
            for operation in operations {
                let found = try db.integer("SELECT state FROM operations WHERE id = ?", [operation.id.data])
                guard found == 0, operation.kind != .memberJoin else { continue }
                state.acting[operation.id] = try rules.actingRank(
                    of: operation, bases: rules.bases(of: operation))
            }
            for member in try Store.members(db, row) { state.members[member.key] = member.rank }
            return state
        }
    }

    /// The highest rank with which somebody ever could act; -1 for none.
    private static func reach(
        of key: Ed25519.PublicKey, _ operations: [Operation], in space: SpaceID, _ store: Store
    ) throws -> Int {
        try store.read { db in
            guard let row = try SpaceRow.find(db, space) else { return -1 }
            let rules = SpaceRules(StoreLookup(db: db, row: row))
            return try operations.filter { $0.author == key && $0.kind != .memberJoin }
                .flatMap { try rules.bases(of: $0).map { Int($0.holdingRank) } }.max() ?? -1
        }
    }
}
