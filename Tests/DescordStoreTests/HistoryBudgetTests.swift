import DescordCore
import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordStore

/// A newcomer reads at once what was written over years; what is written now has a pace.
@Suite struct HistoryBudgetTests {
    /// Ten messages of bob's in a space where three at once are allowed, and carol, who joined after them and
    /// has none yet.
    private func setUp() throws -> (world: World, carol: TestHome, posts: [Operation]) {
        let world = try World().joined()
        let change = try world.alice.store.author(BudgetChange(burst: 3, perMinute: 1), in: world.space)
        var forger = try Forger(world.bob.store, in: world.space)
        let posts = try (1...10).map { index in
            try forger.write(
                MessagePost(text: "\(index)"), links: [change.id],
                clock: .at(world.clock.now, .milliseconds(index)), channel: world.channel)
        }
        world.clock.advance(by: .seconds(3_600))
        let carol = try TestHome(world.clock, seed: 3)
        try world.join(carol)
        return (world, carol, posts)
    }

    @Test(arguments: [true, false]) func newcomerFetchesHistoryWithoutAPace(fromAFile: Bool) throws {
        let (world, carol, posts) = try self.setUp()
        let verdicts = try carol.store.ingest(posts, from: fromAFile ? .file : world.fromAlice).verdicts
        #expect(verdicts.allSatisfy { $0.forwards })
        // Whose history was long writes on as everybody does.
        var forger = Forger(world.bob.store.key, in: world.space)
        forger.sequence = posts[9].header.sequence + 1
        forger.previous = posts[9].id
        let now = try (1...4).map { index in
            try forger.write(
                MessagePost(text: "now"), clock: .at(world.clock.now, .milliseconds(index)),
                channel: world.channel)
        }
        let later = try carol.store.ingest(now, from: world.fromAlice).verdicts
        #expect(later.prefix(3).allSatisfy { $0.forwards } && later[3] == .ignored(.overBudget))
    }

    /// Clocks can be forged: what is said to be old is believed from those whom we ask for history alone, and
    /// only while we catch up.
    @Test func oldClocksDoNotHelpInGossipNorAfterAWeek() throws {
        let (_, early, gossiped) = try self.setUp()
        let verdicts = try early.store.ingest(gossiped, from: .gossip(person(7).publicKey.peer)).verdicts
        #expect(verdicts.filter { $0.isDurable }.count == 3)
        for fromAFile in [true, false] {
            let (world, carol, posts) = try self.setUp()
            world.clock.advance(by: SpaceLimits.catchUpTime)
            let source = fromAFile ? IngestSource.file : world.fromAlice
            let verdicts = try carol.store.ingest(posts, from: source).verdicts
            #expect(verdicts.filter { $0.isDurable }.count == 3)
        }
    }

    @Test func historyIsBoundedByItsBytes() throws {
        let world = try World().joined()
        let change = try world.alice.store.author(BudgetChange(totalBytes: 3_000), in: world.space)
        var forger = try Forger(world.bob.store, in: world.space)
        let posts = try (1...10).map { index in
            try forger.write(
                MessagePost(text: String(repeating: "x", count: 500)), links: [change.id],
                clock: .at(world.clock.now, .milliseconds(index)), channel: world.channel)
        }
        world.clock.advance(by: .seconds(1))
        let carol = try TestHome(world.clock, seed: 3)
        try world.join(carol)
        let verdicts = try carol.store.ingest(posts, from: world.fromAlice).verdicts
        #expect(verdicts[0].isDurable && verdicts[9] == .ignored(.overBudget))
    }
}

extension Ed25519.PublicKey {
    fileprivate var peer: PeerID { PeerID(self) }
}
