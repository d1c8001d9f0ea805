import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct IngestTests {
    /// A history of two members with a fork of causality: everything that a third home should agree about.
    private func history() throws -> (world: World, operations: [Operation]) {
        let world = try World().joined()
        try world.post(world.alice, "a1")
        world.clock.advance(by: .milliseconds(5))
        let concurrent = try world.post(world.bob, "b1")
        world.clock.advance(by: .milliseconds(5))
        _ = try world.alice.store.ingest([concurrent], from: .file)
        try world.post(world.alice, "a2")
        return (world, try world.alice.store.all(world.space))
    }

    /// What a home that was handed operations in some order and some batches says about them.
    private func replay(_ order: [[Operation]], of world: World, restarts: Bool = false) throws -> Store {
        let home = try TestHome(world.clock, seed: 9)
        try home.store.beginJoin(world.space)
        var store = home.store
        for batch in order {
            _ = try store.ingest(batch, from: .file)
            if restarts { store = try home.reopened() }
        }
        // The directory may go: the connection keeps the files.
        return store
    }

    @Test func everyOrderOfArrivalEndsInTheSameState() throws {
        let (world, operations) = try self.history()
        let expected = try #require(world.alice.store.syncStorage(of: world.space)).summary()
        var random = PRNG(seed: Randomised.seed)
        let rounds = 40 * Randomised.scale
        for _ in 0..<rounds {
            var order = operations
            random.shuffle(&order)
            var batches: [[Operation]] = []
            while !order.isEmpty {
                let count = min(order.count, 1 + random.below(4))
                batches.append(Array(order.prefix(count)))
                order.removeFirst(count)
            }
            let store = try self.replay(batches, of: world, restarts: random.below(4) == 0)
            #expect(store.syncStorage(of: world.space)?.summary() == expected)
            for operation in operations {
                #expect(try store.state(of: operation.id) == .admitted, "\(operation.kind)")
            }
            let tips = try store.queue.read { try $0.ids("SELECT id FROM tips") }
            #expect(tips == store.syncStorage(of: world.space)?.heads())
            #expect(try store.queue.read { try $0.integer("SELECT count(*) FROM pending_links") } == 0)
        }
        print("orders of arrival: \(rounds) of \(operations.count) operations, seed \(Randomised.seed)")
    }

    @Test func arrivalFollowsAdmissionAndParentsComeFirst() throws {
        let (world, operations) = try self.history()
        let home = try TestHome(world.clock, seed: 9)
        try home.store.beginJoin(world.space)
        var arrivals: [OperationID: Int64] = [:]
        for operation in operations.reversed() {
            let result = try home.store.ingest([operation], from: .file)
            for admitted in result.admitted { arrivals[admitted.operation.id] = admitted.arrival }
            #expect(result.verdicts == [operation.isGenesis ? .stored(arrival: 1) : .waiting])
        }
        #expect(arrivals.values.sorted() == Array(1...Int64(operations.count)))
        for operation in operations {
            for link in operation.header.links {
                let parent = try #require(arrivals[link])
                let child = try #require(arrivals[operation.id])
                #expect(parent < child)
            }
        }
    }

    @Test func duplicateIsDurableAndNotForwarded() throws {
        let (world, operations) = try self.history()
        let result = try world.alice.store.ingest(operations, from: .file)
        #expect(result.verdicts.allSatisfy { $0 == .duplicate && $0.isDurable && !$0.forwards })
        #expect(result.admitted.isEmpty)
    }

    @Test func strangersOperationsAreNotStored() throws {
        let world = try World()
        var stranger = Forger(person(50), in: world.space)
        let clock = HybridLogicalClock.at(world.clock.now, .seconds(1))
        let real = try stranger.write(
            MessagePost(text: "x"), links: world.heads, clock: clock, channel: world.channel, advances: false)
        let invented = try stranger.write(
            MessagePost(text: "x"), links: [OperationID(bytes: [UInt8](repeating: 3, count: 32))!],
            clock: clock,
            channel: world.channel, advances: false)
        let result = try world.alice.store.ingest(
            [real, invented], from: .gossip(PeerID(person(50).publicKey)))
        #expect(result.verdicts == [.ignored(.stranger), .ignored(.unknownParents)])
        #expect(result.verdicts.allSatisfy { !$0.isDurable && !$0.forwards })
        #expect(try world.alice.store.operation(real.id) == nil)
    }

    @Test func foreignSpaceIsIgnored() throws {
        let world = try World()
        let other = try World()
        let result = try world.alice.store.ingest(try other.alice.store.all(other.space), from: .file)
        #expect(result.verdicts == [.ignored(.foreignSpace), .ignored(.foreignSpace)])
    }

    @Test func memberWhoLeftWritesNothingThatCounts() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let start = world.clock.now
        let before = try forger.write(
            MessagePost(text: "before"), links: world.heads, clock: .at(start, .seconds(1)),
            channel: world.channel)
        let leave = try forger.write(MemberLeave(), clock: .at(start, .seconds(2)))
        let after = try forger.write(
            MessagePost(text: "after"), clock: .at(start, .seconds(3)), channel: world.channel)
        let verdicts = try world.alice.store.ingest([before, leave, after], from: .file).verdicts
        #expect(verdicts[0].forwards && verdicts[1].forwards)
        #expect(verdicts[2] == .void && !verdicts[2].forwards && verdicts[2].isDurable)
        #expect(try world.alice.store.messages(MessageFilter()).map(\.text) == ["before"])
    }

    @Test func removedMemberIsVoidWhereTheRemovalIsInThePast() throws {
        let world = try World().joined()
        let first = try world.post(world.bob, "first")
        _ = try world.alice.store.ingest([first], from: .file)
        let removal = try world.alice.store.author(
            MemberRemove(member: world.bob.store.publicKey, lastGood: first.id), in: world.space)
        var forger = try Forger(world.bob.store, in: world.space)
        let later = try forger.write(
            MessagePost(text: "later"), links: [removal.id], clock: .at(world.clock.now, .seconds(5)),
            channel: world.channel)
        #expect(try world.alice.store.ingest([later], from: .file).verdicts == [.void])
        #expect(try world.alice.store.members(of: world.space).map(\.key) == [world.alice.store.publicKey])
    }

    @Test func clockNotAboveItsParentsMakesInvalidWithAllThatFollows() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let parent = try #require(try world.alice.store.operation(world.heads[0]))
        let wrong = try forger.write(
            MessagePost(text: "wrong"), links: world.heads, clock: parent.header.clock, channel: world.channel
        )
        let child = try forger.write(
            MessagePost(text: "child"), clock: .at(world.clock.now, .seconds(5)), channel: world.channel)
        let late = try World.replica(of: world)
        #expect(try world.alice.store.ingest([wrong, child], from: .file).verdicts == [.invalid, .invalid])
        // The same when the child came first.
        #expect(try late.store.ingest([child, wrong], from: .file).verdicts == [.waiting, .invalid])
        #expect(try late.store.state(of: child.id) == .invalid)
        #expect(try late.store.messages(MessageFilter()).isEmpty)
        // They are in the set, and nothing of ours follows them.
        #expect(world.alice.store.syncStorage(of: world.space)?.contains(wrong.id) == true)
        #expect(try !world.post(world.alice, "mine").header.dependencies.contains(child.id))
    }

    @Test func placeInTheChainMustFollowThePreviousOne() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        forger.sequence += 1
        let gap = try forger.write(
            MessagePost(text: "gap"), links: world.heads, clock: .at(world.clock.now, .seconds(1)),
            channel: world.channel)
        var thief = Forger(world.bob.store.key, in: world.space)
        thief.sequence = 1
        thief.previous = world.space  // alice's
        let foreign = try thief.write(
            MessagePost(text: "x"), links: world.heads, clock: .at(world.clock.now, .seconds(1)),
            channel: world.channel)
        #expect(try world.alice.store.ingest([gap, foreign], from: .file).verdicts == [.invalid, .invalid])
    }

    @Test func farClocksAreHeldOrIgnored() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let now = world.clock.now
        let links = world.heads
        let edge = try forger.write(
            MessagePost(text: "edge"), links: links, clock: .at(now, .seconds(600)), channel: world.channel)
        let held = try forger.write(
            MessagePost(text: "held"), clock: .at(now, .seconds(700)), channel: world.channel)
        let ignored = try forger.write(
            MessagePost(text: "ignored"), clock: .at(now, .seconds(86_500)), channel: world.channel)
        let verdicts = try world.alice.store.ingest([edge, held, ignored], from: .file).verdicts
        #expect(verdicts[0].forwards)
        #expect(verdicts[1] == .held && verdicts[1].isDurable && !verdicts[1].forwards)
        #expect(verdicts[2] == .ignored(.farFuture))
        #expect(try world.alice.store.messages(MessageFilter()).map(\.text) == ["edge"])
        world.clock.advance(by: .seconds(99))
        #expect(try world.alice.store.releaseHeld().isEmpty)
        world.clock.advance(by: .seconds(1))
        #expect(try world.alice.store.releaseHeld().map(\.operation.id) == [held.id])
        #expect(try world.alice.store.messages(MessageFilter()).map(\.text) == ["edge", "held"])
    }

    @Test func heldOperationOfAStrangerIsNotStored() throws {
        let world = try World()
        var stranger = Forger(person(50), in: world.space)
        let operation = try stranger.write(
            MessagePost(text: "x"), links: world.heads, clock: .at(world.clock.now, .seconds(700)),
            channel: world.channel)
        #expect(try world.alice.store.ingest([operation], from: .file).verdicts == [.ignored(.stranger)])
    }

    @Test func equivocationIsKeptAndFlagged() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let clock = HybridLogicalClock.at(world.clock.now, .seconds(1))
        let one = try forger.write(
            MessagePost(text: "one"), links: world.heads, clock: clock, channel: world.channel,
            advances: false)
        let two = try forger.write(
            MessagePost(text: "two"), links: world.heads, clock: clock, channel: world.channel)
        #expect(try world.alice.store.ingest([one, two], from: .file).verdicts.allSatisfy { $0.forwards })
        let forks = try world.alice.store.details(of: world.space).forks
        #expect(forks == [.init(author: world.bob.store.publicKey, sequence: 1)])
        // One head an author is linked to.
        #expect(try world.post(world.alice, "mine").header.dependencies.count == 1)
    }
}

extension World {
    /// A third home that holds what alice holds.
    static func replica(of world: World) throws -> TestHome {
        let home = try TestHome(world.clock, seed: 99)
        try world.join(home)
        return home
    }
}
