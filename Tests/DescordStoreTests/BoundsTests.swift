import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct BoundsTests {
    /// Operations of bob's that follow something which alice will never get.
    private func orphans(_ world: World, count: Int, text: String = "x") throws -> [Operation] {
        var forger = try Forger(world.bob.store, in: world.space)
        let hidden = try forger.write(
            MessagePost(text: "hidden"), links: world.heads, clock: .at(world.clock.now, .seconds(1)),
            channel: world.channel)
        return try (0..<count).map { index in
            try forger.write(
                MessagePost(text: "\(text)\(index)"), links: [hidden.id],
                clock: .at(world.clock.now, .milliseconds(1_001 + index)), channel: world.channel)
        }
    }

    @Test func waitingRoomHoldsSoMuchOfOneAuthor() throws {
        let world = try World().joined()
        let orphans = try self.orphans(world, count: SpaceLimits.maxUnsettledCount + 3)
        let verdicts = try world.alice.store.ingest(orphans, from: .file).verdicts
        #expect(verdicts.prefix(SpaceLimits.maxUnsettledCount).allSatisfy { $0 == .waiting && $0.forwards })
        #expect(
            verdicts.dropFirst(SpaceLimits.maxUnsettledCount).allSatisfy { $0 == .ignored(.waitingRoomFull) })
    }

    @Test func waitingRoomHoldsSoManyBytesOfOneAuthor() throws {
        let world = try World().joined()
        let orphans = try self.orphans(world, count: 5, text: String(repeating: "y", count: 1_000_000))
        let verdicts = try world.alice.store.ingest(orphans, from: .file).verdicts
        #expect(verdicts == [.waiting, .waiting, .waiting, .waiting, .ignored(.waitingRoomFull)])
    }

    /// One author's are made to take nearly all of the space's room; the next author's must fit beside them.
    @Test func waitingRoomOfASpaceHoldsSoManyBytes() throws {
        let world = try World().joined()
        let carol = try TestHome(world.clock, seed: 3)
        try world.join(carol)
        let store = world.alice.store
        let first = try self.orphans(world, count: 1)
        #expect(try store.ingest(first, from: .file).verdicts == [.waiting])
        var forger = try Forger(carol.store, in: world.space)
        let hidden = try forger.write(
            MessagePost(text: "hidden"), links: world.heads, clock: .at(world.clock.now, .seconds(1)),
            channel: world.channel)
        let orphan = try forger.write(
            MessagePost(text: "x"), links: [hidden.id], clock: .at(world.clock.now, .seconds(2)),
            channel: world.channel)
        let room = SpaceLimits.maxUnsettledSpaceBytes - orphan.encoded.count
        for (taken, verdict) in [(room + 1, IngestVerdict.ignored(.waitingRoomFull)), (room, .waiting)] {
            try store.write { db in
                try db.run("UPDATE operations SET size = ? WHERE id = ?", [taken, first[0].id.data])
            }
            #expect(try store.ingest([orphan], from: .file).verdicts == [verdict])
        }
    }

    @Test func waitingOperationsAreForgottenAfterSevenDays() throws {
        let world = try World().joined()
        let before = world.alice.store.syncStorage(of: world.space)?.summary()
        let orphans = try self.orphans(world, count: 3)
        _ = try world.alice.store.ingest(orphans, from: .file)
        world.clock.advance(by: .seconds(7 * 86_400))
        try world.alice.store.sweep()
        #expect(try world.alice.store.state(of: orphans[0].id) == .waiting)
        world.clock.advance(by: .seconds(1))
        try world.alice.store.sweep()
        #expect(try world.alice.store.operation(orphans[0].id) == nil)
        #expect(world.alice.store.syncStorage(of: world.space)?.summary() == before)
    }

    @Test func budgetOfAnAuthorIsRefilledByTime() throws {
        let world = try World().joined()
        let change = try world.alice.store.author(BudgetChange(burst: 3, perMinute: 1), in: world.space)
        var forger = try Forger(world.bob.store, in: world.space)
        var posts: [Operation] = []
        for index in 0..<5 {
            posts.append(
                try forger.write(
                    MessagePost(text: "\(index)"), links: index == 0 ? [change.id] : [],
                    clock: .at(world.clock.now, .milliseconds(1 + index)), channel: world.channel))
        }
        // The join came by another budget's time: one of the three is used.
        let verdicts = try world.alice.store.ingest(posts, from: .file).verdicts
        let taken = verdicts.filter(\.isDurable).count
        #expect(
            taken == 3
                && verdicts[3...].allSatisfy {
                    $0 == .ignored(.overBudget) || $0 == .ignored(.waitingRoomFull)
                })
        let storage = try #require(world.alice.store.syncStorage(of: world.space))
        #expect(storage.wanted([posts[3].id, change.id]) == [change.id])
        world.clock.advance(by: .seconds(61))
        #expect(storage.wanted([posts[3].id]) == [posts[3].id])
        #expect(try world.alice.store.ingest([posts[3]], from: .file).verdicts[0].forwards)
        // Everybody else has a budget of its own.
        #expect(throws: Never.self) { try world.post(world.alice, "mine") }
    }

    @Test func bytesAreBoundedAndControlMoreTightly() throws {
        let world = try World().joined()
        let change = try world.alice.store.author(
            BudgetChange(totalBytes: 5_000, controlBytes: 600), in: world.space)
        var forger = try Forger(world.bob.store, in: world.space)
        let channel = try forger.write(
            ChannelCreate(name: "one"), links: [change.id], clock: .at(world.clock.now, .milliseconds(1)))
        let second = try forger.write(
            ChannelCreate(name: "two"), clock: .at(world.clock.now, .milliseconds(2)), advances: false)
        let third = try forger.write(
            InviteRevoke(invite: world.space), clock: .at(world.clock.now, .milliseconds(2)), advances: false)
        let small = try forger.write(
            MessagePost(text: "x"), clock: .at(world.clock.now, .milliseconds(3)), channel: world.channel)
        let large = try forger.write(
            MessagePost(text: String(repeating: "x", count: 4_500)),
            clock: .at(world.clock.now, .milliseconds(4)),
            channel: world.channel)
        let verdicts = try world.alice.store.ingest([channel, second, third, small, large], from: .file)
            .verdicts
        #expect(verdicts[0].isDurable)
        #expect(verdicts[1...2].contains(.ignored(.overBudget)))
        #expect(verdicts[3].isDurable)
        #expect(verdicts[4] == .ignored(.overBudget))
    }

    @Test func onlyTheCreatorChangesBudgets() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let change = try forger.write(
            BudgetChange(burst: 0), links: world.heads, clock: .at(world.clock.now, .seconds(1)))
        #expect(try world.alice.store.ingest([change], from: .file).verdicts == [.void])
        let post = try forger.write(
            MessagePost(text: "x"), links: world.heads, clock: .at(world.clock.now, .seconds(2)),
            channel: world.channel)
        #expect(try world.alice.store.ingest([post], from: .file).verdicts[0].forwards)
    }
}
