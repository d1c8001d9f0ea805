import DescordCore
import DescordCrypto
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// Named conflicts, each with the view that every home must come to, in whatever order it hears of it.
@Suite struct ConflictTests {
    typealias Person = AuthorityStage.Person

    struct Conflict: Sendable, CustomTestStringConvertible {
        let name: String
        /// Plays the scene, and returns who has which rank at its end; who is not named is not looked at.
        let play: @Sendable (inout AuthorityStage) -> [Person: UInt32?]
        /// The named operations that are not in force.
        let revoked: Set<String>
        let void: Set<String>

        init(
            _ name: String, revoked: Set<String> = [], void: Set<String> = [],
            _ play: @escaping @Sendable (inout AuthorityStage) -> [Person: UInt32?]
        ) {
            self.name = name
            self.play = play
            self.revoked = revoked
            self.void = void
        }

        var testDescription: String { self.name }
    }

    @Test(arguments: Conflicts.all)
    func everyOrderGivesTheNamedView(_ conflict: Conflict) throws {
        var stage = AuthorityStage()
        let ranks = conflict.play(&stage)
        var random = PRNG(seed: Randomised.seed)
        let home = try TestHome(seed: 99)
        try home.store.beginJoin(stage.space)
        let model = AuthorityModel(stage.base + stage.scene)
        for _ in 0..<12 {
            var order = stage.scene
            random.shuffle(&order)
            try Self.inOrder(stage.base + order, home.store) { db, row in
                for (name, operation) in stage.named.sorted(by: { $0.key < $1.key }) {
                    let state = try Self.state(of: operation.id, db)
                    let expected: OperationState =
                        conflict.void.contains(name)
                        ? .void : conflict.revoked.contains(name) ? .revoked : .admitted
                    #expect(state == expected, "\(name) is \(String(describing: state)), not \(expected)")
                    let verdict = model.verdict(operation.id)
                    let said: OperationState =
                        verdict == .effective ? .admitted : verdict == .revoked ? .revoked : .void
                    #expect(said == expected, "the model says of \(name) \(verdict)")
                }
                let members = try Store.members(db, row)
                for (someone, rank) in ranks {
                    let found = members.first { $0.key == someone.publicKey }?.rank
                    #expect(found == rank, "\(someone) has \(String(describing: found))")
                }
            }
        }
    }

    /// Which of the orders are looked at: all, and without optimisation, which is what one works with, every
    /// twentieth.
    private static let stride = {
        var isUnoptimised = false
        assert(
            {
                isUnoptimised = true; return true
            }())
        return isUnoptimised ? 20 : 1
    }()

    /// Seven operations in every one of their 5,040 orders.
    @Test(arguments: Conflicts.sevens) func all5040OrdersGiveOneState(_ conflict: Conflict) throws {
        var stage = AuthorityStage()
        _ = conflict.play(&stage)
        #expect(stage.scene.count == 7)
        let home = try TestHome(seed: 99)
        try home.store.beginJoin(stage.space)
        _ = try home.store.ingest(stage.base, from: .file)
        let model = AuthorityModel(stage.base + stage.scene)
        var orders = 0
        var differences = 0
        try Self.permutations(of: stage.scene) { order in
            orders += 1
            guard orders.isMultiple(of: Self.stride) else { return }
            try Self.inOrder(order, home.store) { db, _ in
                for operation in order {
                    let isInForce = try Self.state(of: operation.id, db) == .admitted
                    if isInForce != (model.verdict(operation.id) == .effective) { differences += 1 }
                }
            }
        }
        #expect(orders == 5_040 && differences == 0)
        print("conflicts: every \(Self.stride) of \(orders) orders")
    }

    /// One batch: ranks under some of the revocations are asked for, then an operation comes that these
    /// reach, then one that rests on it.
    @Test func whatComesLaterInABatchIsReachedByRevocationsToo() throws {
        var stage = AuthorityStage()
        let kick = stage.kick("kick", by: .ann, .ben)
        let mute = stage.write("mute", by: .ann, Mute(member: Person.eve.publicKey))
        let look = stage.post("look", by: .cat, after: [kick])
        let puppet = stage.grant("puppet", by: .ben, BuiltInRole.moderator.id, to: .dan)
        let act = stage.kick("act", by: .dan, .eve, after: [puppet, kick])
        let home = try TestHome(seed: 99)
        try home.store.beginJoin(stage.space)
        let batch = stage.base + [kick, mute, look, puppet, act]
        _ = try home.store.ingest(batch, from: .file, now: WallTime(milliseconds: 1_800_000_000_000))
        #expect(try home.store.state(of: look.id) == .admitted)
        #expect(try home.store.state(of: puppet.id) == .revoked)
        #expect(try home.store.state(of: act.id) == .void)
        #expect(AuthorityModel(batch).verdict(act.id) == .void)
    }

    // MARK: - Orders

    private static func permutations(
        of elements: [Operation], _ visit: ([Operation]) throws -> Void
    ) rethrows {
        var order = elements
        func permute(_ count: Int) throws {
            if count == 1 { return try visit(order) }
            for index in 0..<count {
                try permute(count - 1)
                order.swapAt(count.isMultiple(of: 2) ? index : 0, count - 1)
            }
        }
        try permute(order.count)
    }

    private static func state(of id: OperationID, _ db: Database) throws -> OperationState? {
        try db.integer("SELECT state FROM operations WHERE id = ?", [id.data])
            .flatMap { OperationState(rawValue: Int($0)) }
    }

    /// Takes the operations in, one after another, looks, and forgets them again.
    private static func inOrder(
        _ operations: [Operation], _ store: Store, _ look: (Database, SpaceRow) throws -> Void
    ) throws {
        guard let space = operations.first?.space else { return }
        try store.write { db in
            try db.inSavepoint {
                for operation in operations {
                    var ingestion = try Ingestion(
                        db, own: store.publicKey, now: WallTime(milliseconds: 1_800_000_000_000))
                    _ = try ingestion.ingest(operation, from: .file)
                    try ingestion.finish()
                }
                if let row = try SpaceRow.find(db, space) { try look(db, row) }
                return .rollback
            }
        }
    }
}
