import DescordCore
import DescordCrypto
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

/// Whoever has the same operations sees the same space, in whatever order they came.
@Suite struct ConvergenceTests {
    /// Random histories, delivered in random orders, in batches, twice, with restarts: one state, and the one
    /// that the model says.
    @Test(.timeLimit(.minutes(600)))
    func everyOrderGivesTheStateOfTheModel() throws {
        let rounds = 100 * Randomised.scale
        var seen: [String: Int] = [:]
        for round in 0..<rounds {
            let seed = Randomised.seed &+ UInt64(round)
            var history = AuthorityHistory(seed: seed, size: 40)
            let model = AuthorityModel(history.operations)
            for order in 0..<3 {
                let home = try TestHome(seed: 99)
                try home.store.beginJoin(history.space)
                var store = home.store
                var rest = history.shuffled()[...]
                while !rest.isEmpty {
                    let batch = Array(rest.prefix(1 + history.below(20)))
                    rest = rest.dropFirst(batch.count)
                    _ = try store.ingest(batch, from: .sync(PeerID(person(40).publicKey)))
                    if history.below(6) == 0 { store = try home.reopened() }
                }
                let difference = try Self.difference(store, model, history.space)
                #expect(difference == nil, "SEED=\(seed), order \(order): \(difference ?? "")")
                if difference != nil { return }
                let wrongWords = try store.read { try Store.wrongWords($0) }
                #expect(wrongWords.isEmpty, "SEED=\(seed), order \(order): \(wrongWords)")
                if !wrongWords.isEmpty { return }
                // A rebuild from the operations alone changes nothing.
                let before = try store.derivedState()
                try store.rebuild()
                let after = try store.derivedState()
                let changed = zip(before, after).first { $0 != $1 }
                let isSame = before == after
                #expect(isSame, "SEED=\(seed), order \(order): \(String(describing: changed))")
                if !isSame { return }
            }
            for id in model.operations.keys { seen[model.verdict(id).rawValue, default: 0] += 1 }
        }
        // Histories of which nothing is permitted, or from which nothing is taken, would prove nothing.
        #expect(seen["effective", default: 0] > rounds * 8)
        #expect(seen["revoked", default: 0] > rounds)
        #expect(seen["void", default: 0] > rounds)
        print(
            "convergence: \(rounds) histories of 40, SEED=\(Randomised.seed), verdicts",
            seen.sorted { $0 < $1 })
    }

    /// Returns the first thing about which a store and the model do not agree.
    static func difference(_ store: Store, _ model: AuthorityModel, _ space: SpaceID) throws -> String? {
        for id in model.operations.keys.sorted() {
            let state = try store.state(of: id)
            let expected = model.verdict(id)
            let isSame =
                switch state {
                case .admitted: expected == .effective
                case .revoked: expected == .revoked
                case .void: expected == .void
                case .invalid: expected == .invalid
                default: false
                }
            guard !isSame, let operation = model.operations[id] else { continue }
            return "kind \(operation.kind.rawValue) \(id) is \(String(describing: state)), not \(expected)"
        }
        let views = ContentModel(model).views
        for message in try store.messages(MessageFilter(space: space)) {
            let seen = ContentModel.View(
                text: message.text, isEdited: message.isEdited, isDeleted: message.isDeleted,
                isPinned: message.isPinned,
                reactions: Dictionary(uniqueKeysWithValues: message.reactions.map { ($0.emoji, $0.count) }))
            var expected = views[message.id]
            // Of a deletion that was in force here for a while, and is not any more, the loss stays.
            if seen.text == nil, try store.operation(message.id)?.isHeaderOnly == true {
                expected?.text = nil
            }
            guard seen != expected else { continue }
            return "\(message.id) is \(seen), not \(String(describing: expected))"
        }
        let members = try store.read { db in
            try SpaceRow.find(db, space).map { try Store.members(db, $0) } ?? []
        }
        let ranks = Dictionary(members.map { ($0.key, $0.rank) }, uniquingKeysWith: { first, _ in first })
        let expected = model.members()
        let all = Set(ranks.keys).union(expected.keys).sorted { PeerID($0) < PeerID($1) }
        return all.first { ranks[$0] != expected[$0] }.map {
            "\(PeerID($0)) has rank \(String(describing: ranks[$0])), not \(String(describing: expected[$0]))"
        }
    }
}
