import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

/// The method `negentropy/1` of a session.
@Suite struct SyncNegentropyTests {
    /// A pair whose initiator does not offer `ids`, so that small sets are compared by negentropy too.
    private static func pair(_ world: World) -> Pair {
        var pair = world.pair()
        pair.initiator.session.offered = [.negentropy, .ancestors]
        return pair
    }

    /// Two sets of which each lacks a part of `count` operations: authority among content, written by both.
    private static func spread(_ count: Int, over world: inout World, using prng: inout PRNG) {
        var operations: [Operation] = []
        for index in 0..<count {
            operations.append(
                index % 5 == 0
                    ? world.bob.content(
                        MessagePost(text: "b\(index)"), links: operations.last.map { [$0.id] } ?? [],
                        channel: world.channel)
                    : index % 29 == 0
                        ? world.alice.authority(ChannelCreate(name: "c\(index)")) : world.message("a\(index)")
            )
        }
        for operation in operations {
            let place = prng.below(4)
            if place != 0 { world.aliceStorage.insert(operation) }
            if place != 1 { world.bobStorage.insert(operation) }
        }
    }

    // MARK: The choice

    @Test func methodIsChosenByTheSizesOfTheSets() {
        func summary(_ count: UInt64, _ byte: UInt8) -> SyncSummary {
            SyncSummary(
                count: count, fingerprint: [UInt8](repeating: byte, count: 16),
                headsHash: [UInt8(count & 255)])
        }
        func choice(_ theirs: UInt64, _ ours: UInt64, _ offered: [String] = []) -> SyncMethod {
            let all = ["ids", "ancestors", "negentropy/1"]
            return SyncMethod.choice(
                offered: offered.isEmpty ? all : offered, theirs: summary(theirs, 1), ours: summary(ours, 2))
        }
        #expect(choice(2_000, 2_000) == .ids, "the list is one frame")
        #expect(choice(2_001, 2_001) == .negentropy && choice(100_000, 100_100) == .negentropy)
        #expect(choice(8_000, 9_000) == .negentropy && choice(7_000, 9_000) == .ids)
        #expect(choice(5, 100_000) == .ids, "a newcomer takes the list")
        #expect(choice(100_000, 5) == .ids && choice(100_000, 2_000) == .ids)
        #expect(choice(5, 262_145) == .negentropy && choice(262_145, 5) == .negentropy, "no list is so long")
        #expect(choice(4_194_305, 4_194_304) == .ancestors && choice(4_194_304, 4_194_304) == .negentropy)
        #expect(choice(9_000, 9_000, ["ids", "ancestors"]) == .ids)
        #expect(choice(5, 5, ["negentropy/1", "ancestors"]) == .negentropy)
        #expect(choice(5, 5, ["ancestors"]) == .ancestors && choice(300_000, 300_000, ["ids"]) == .ancestors)
        let equal = summary(9_000, 1)
        #expect(SyncMethod.choice(offered: ["negentropy/1"], theirs: equal, ours: equal) == .equal)
        var other = equal
        other.headsHash = [1, 2]
        #expect(SyncMethod.choice(offered: ["negentropy/1"], theirs: other, ours: equal) == .ancestors)
    }

    // MARK: Sessions

    @Test func equalSetsTakeThreeHundredAndFortyBytesEachWayAtMost() {
        let world = World()
        var pair = world.pair()
        pair.start()
        pair.run()
        #expect(pair.flights == 2 && pair.initiator.report?.wasEqual == true)
        #expect(pair.initiator.bytes.count <= 340 && pair.responder.bytes.count <= 340)
        print("equal sets: \(pair.initiator.bytes.count) bytes out, \(pair.responder.bytes.count) back")
    }

    @Test func largeSetsWithFewDifferencesCostLittle() throws {
        var world = World()
        // One every seven seconds.
        func time(_ index: UInt64) -> HybridLogicalClock {
            HybridLogicalClock(milliseconds: 1_700_000_000_000 + index * 7_000, counter: 0)
        }
        for index in 0..<2_100 as Range<UInt64> {
            world.alice.clock = time(index)
            let message = world.message("\(index)")
            world.aliceStorage.insert(message)
            world.bobStorage.insert(message)
        }
        var moved = 0
        for index in 2_100..<2_110 as Range<UInt64> {
            (world.alice.clock, world.bob.clock) = (time(index), time(index))
            let (here, there) = (
                world.message("here \(index)"),
                world.bob.content(MessagePost(text: "there \(index)"), channel: world.channel)
            )
            world.aliceStorage.insert(here)
            world.bobStorage.insert(there)
            moved += here.encoded.count + there.encoded.count
        }
        var pair = world.pair()
        pair.start()
        pair.run()
        let method = pair.initiator.session.method
        #expect(method == .negentropy)
        #expect(world.aliceStorage.summary() == world.bobStorage.summary())
        #expect(pair.initiator.events == ["accepted", "reconciled", "ended"])
        #expect(pair.responder.events == ["opened", "reconciled", "ended"])
        let ended = pair.initiator.report
        let report = try #require(ended)
        #expect(report.sent == 10 && report.received == 10 && report.isComplete)
        #expect(report.roundTrips <= 5)
        // With the hellos and the receipts; the list alone would be 67 kB.
        #expect(pair.moved - moved < 3_500)
        print("2,104 operations, 10+10: \(report.roundTrips) round trips, \(pair.moved - moved) bytes")
    }

    @Test func differencesMeetParentsFirstAndAuthorityBeforeContent() {
        var prng = PRNG(seed: suiteSeed)
        for round in 0..<8 * suiteScale {
            var world = World()
            Self.spread(20 + 40 * (round % 5), over: &world, using: &prng)
            let (alice, bob) = (world.aliceStorage, world.bobStorage)
            let before = [Set(alice.operations.keys), Set(bob.operations.keys)]
            var pair = Self.pair(world)
            pair.chunk = [1, 1_000, 65_536][round % 3]
            pair.start()
            pair.run()
            let method = pair.initiator.session.method
            #expect(method == .negentropy && alice.summary() == bob.summary())
            #expect(pair.initiator.events == ["accepted", "reconciled", "ended"])
            #expect(pair.responder.events == ["opened", "reconciled", "ended"])
            for (end, known) in [(pair.responder.stored, before[0]), (pair.initiator.stored, before[1])] {
                var present = known
                var needed: Set<OperationID> = []
                for id in end.reversed() where alice.operations[id]!.operationClass == .authority {
                    needed.insert(id)
                }
                for id in end {
                    #expect(alice.operations[id]!.header.links.allSatisfy { present.contains($0) })
                    present.insert(id)
                }
                #expect(needed.isSubset(of: present))
            }
        }
    }

    @Test func authorityAndTheNewestOfEachAuthorAreSentAsByTheList() {
        var world = World()
        for index in 0..<20 { world.aliceStorage.insert(world.message("\(index)")) }
        var carol = Author(seed: 300)
        carol.space = world.aliceStorage.space
        let late = carol.authority(MemberLeave(), links: [world.channel])
        world.aliceStorage.insert(late)
        var orders: [[OperationID]] = []
        for methods in [[SyncMethod.ids, .ancestors], [.negentropy]] {
            let bob = MemoryStorage(space: world.bobStorage.space, localKey: world.bob.publicKey)
            for operation in world.common { bob.insert(operation) }
            var pair = world.pair(storage: bob)
            pair.initiator.session.offered = methods
            pair.start()
            pair.run()
            orders.append(pair.initiator.stored)
        }
        #expect(orders[0].count == 21 && orders[0].first == late.id && orders[0] == orders[1])
    }

    /// What is wanted has no order; it is sent in that of the responder's list.
    @Test func authorsComeInTurnsWhateverTheOrderOfWishes() throws {
        var world = World()
        var carol = Author(seed: 300)
        carol.space = world.aliceStorage.space
        var last: OperationID?
        for index in 0..<3 {
            let message = carol.content(
                MessagePost(text: "c\(index)"), links: [world.channel], channel: world.channel)
            world.aliceStorage.insert(message)
            last = message.id
        }
        world.alice.clock = HybridLogicalClock(milliseconds: 1_700_100_000_000, counter: 0)
        for index in 0..<20 { world.aliceStorage.insert(world.message("\(index)")) }
        var pair = Self.pair(world)
        pair.start()
        pair.run()
        let stored = pair.initiator.stored
        #expect(stored.count == 23)
        let third = try #require(last)
        #expect(try #require(stored.firstIndex(of: third)) < 6)
    }

    @Test func cutAnywhereAndResumedLosesNothing() {
        var prng = PRNG(seed: suiteSeed)
        var cuts = 0
        for _ in 0..<25 * suiteScale {
            var world = World()
            Self.spread(60, over: &world, using: &prng)
            for _ in 0..<3 {
                let held = world.bobStorage.operations.count + world.aliceStorage.operations.count
                var pair = Self.pair(world)
                pair.chunk = 1 + prng.below(400)
                pair.cutAfter = prng.below(9_000) + 1
                pair.start()
                pair.run()
                var events: [SyncSession.Event] = []
                pair.initiator.session.remoteDidFinish(into: &events)
                pair.initiator.handle(events)
                if pair.initiator.failure != nil { cuts += 1 }
                #expect(world.bobStorage.operations.count + world.aliceStorage.operations.count >= held)
            }
            var pair = Self.pair(world)
            pair.start()
            pair.run()
            #expect(pair.initiator.report != nil)
            #expect(world.bobStorage.summary() == world.aliceStorage.summary())
        }
        print("negentropy cuts: \(cuts), seed \(suiteSeed)")
        #expect(cuts > 25)
    }

    @Test func whatTheOtherSideWasFoundToHaveCountsAsReceived() {
        var world = World()
        let mine = (0..<3).map { world.bob.content(MessagePost(text: "\($0)"), channel: world.channel) }
        for operation in mine { world.bobStorage.insert(operation) }
        world.aliceStorage.insert(mine[0])
        world.bobStorage.awaiting = mine.map(\.id)
        var pair = Self.pair(world)
        pair.start()
        pair.run()
        #expect(pair.initiator.receipts.first == mine[0].id, "before any was sent")
        #expect(Set(pair.initiator.receipts) == Set(mine.map(\.id)) && pair.initiator.receipts.count == 3)
    }

    @Test func whatTheStoreHasNoBudgetForIsNotWanted() {
        let world = World()
        var alice = world
        let post = alice.message("too much")
        world.aliceStorage.insert(post)
        world.bobStorage.unwanted = [post.id]
        var pair = Self.pair(world)
        pair.start()
        pair.run()
        #expect(pair.initiator.report?.received == 0 && pair.responder.report?.sent == 0)
    }
}
