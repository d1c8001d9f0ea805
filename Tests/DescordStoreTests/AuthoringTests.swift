import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct AuthoringTests {
    @Test func manyConnectionsNeverEquivocate() async throws {
        let world = try World()
        let count = 20 * Randomised.scale
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                let store = try world.alice.reopened()
                group.addTask {
                    for index in 0..<count {
                        _ = try store.post("\(thread)/\(index)", channel: world.channel, in: world.space)
                    }
                }
            }
            try await group.waitForAll()
        }
        print("concurrent authoring: \(8 * count) posts")
        let operations = try world.alice.store.all(world.space)
        #expect(operations.map(\.header.sequence).sorted() == (0..<UInt64(8 * count + 2)).map { $0 })
        #expect(try world.alice.store.details(of: world.space).forks.isEmpty)
        let seqnos = try world.alice.store.outbox(includesLocal: true).map(\.gossipSeqno)
        #expect(
            seqnos.count == operations.count && seqnos == seqnos.sorted() && Set(seqnos).count == seqnos.count
        )
        // The chain is one: each operation names the one before.
        let bySequence = operations.sorted { $0.header.sequence < $1.header.sequence }
        #expect(bySequence.dropFirst().map(\.header.previous) == bySequence.dropLast().map(\.id))
    }

    @Test func gossipNumbersGrowWhenTheClockGoesBack() throws {
        let world = try World()
        let now = world.clock.now
        let later = try world.alice.store.post(
            "a", channel: world.channel, in: world.space, at: now + .seconds(50))
        let earlier = try world.alice.store.post("b", channel: world.channel, in: world.space, at: now)
        #expect(later.gossipSeqno == UInt64((now + .seconds(50)).milliseconds) * 1_000_000)
        #expect(earlier.gossipSeqno > later.gossipSeqno)
        #expect(earlier.operation.header.clock > later.operation.header.clock)
    }

    @Test func newOperationFollowsEverythingInForce() throws {
        let world = try World().joined()
        let bobs = try world.post(world.bob, "from bob")
        _ = try world.alice.store.ingest([bobs], from: .gossip(world.bob.store.peerID))
        let answer = try world.post(world.alice, "answer")
        #expect(answer.header.dependencies == [bobs.id])
        #expect(answer.header.clock > bobs.header.clock)
        #expect(world.alice.store.syncStorage(of: world.space)?.heads() == [answer.id])
    }

    @Test func nothingFartherAheadThanAMinuteIsLinkedTo() throws {
        let world = try World().joined()
        var forger = try Forger(world.bob.store, in: world.space)
        let near = try forger.write(
            MessagePost(text: "near"), links: world.heads, clock: .at(world.clock.now, .seconds(59)),
            channel: world.channel)
        let far = try forger.write(
            MessagePost(text: "far"), clock: .at(world.clock.now, .seconds(61)), channel: world.channel)
        #expect(try world.alice.store.ingest([near], from: .file).verdicts[0].forwards)
        #expect(try world.post(world.alice, "a").header.dependencies == [near.id])
        #expect(try world.alice.store.ingest([far], from: .file).verdicts[0].forwards)
        let post = try world.post(world.alice, "b")
        #expect(post.header.dependencies.isEmpty)
        #expect(post.header.clock < far.header.clock)
    }

    @Test func whatIsTooFarAheadHidesNothingThatItFollows() throws {
        // Bob has written nothing since he joined, and the clock of Alice, who wrote last, runs ahead.
        let world = try World().joined()
        let ahead = world.clock.now + .seconds(300)
        let early = try world.post(world.alice, "in time")
        let made = try world.alice.store.createChannel(
            name: ChannelName(parsing: "early"), in: world.space, at: ahead
        ).operation
        let late = try world.alice.store.post("ahead", channel: world.channel, in: world.space, at: ahead)
        #expect(
            try world.bob.store.ingest([early, made, late.operation], from: .file).verdicts
                .allSatisfy { $0.forwards })
        let answer = try world.post(world.bob, "answer")
        #expect(answer.header.dependencies == [early.id])
        #expect(answer.header.clock < made.header.clock)
        // The next one follows it already.
        #expect(try world.post(world.bob, "again").header.dependencies.isEmpty)
    }

    @Test func admissionThatIsTooFarAheadIsSaid() throws {
        let world = try World()
        let (invite, key) = try world.alice.store.createInvite(in: world.space, uses: 1, expires: nil)
        let request = try world.request(world.bob, invite: invite.operation.id, key: key)
        _ = try world.alice.store.admit(request, at: world.clock.now + .seconds(300))
        try world.sync(to: world.bob)
        #expect(throws: StoreError.clockBehind(seconds: 300)) { try world.post(world.bob, "too early") }
        world.clock.advance(by: .seconds(241))
        #expect(try world.post(world.bob, "in time").header.dependencies.count == 1)
    }

    @Test func joinFollowsTheGenesisWhenEverythingIsTooFarAhead() throws {
        let clock = TestClock()
        let alice = try TestHome(clock, seed: 1)
        let bob = try TestHome(clock, seed: 2)
        let ahead = clock.now + .seconds(300)
        let made = try alice.store.createSpace(
            name: SpaceName(parsing: "Garden"), isPublic: true, at: ahead
        ).operation
        _ = try alice.store.createChannel(name: ChannelName(parsing: "early"), in: made.id, at: ahead)
        try bob.store.beginJoin(made.id)
        _ = try bob.store.ingest(alice.store.all(made.id), from: .sync(alice.store.peerID))
        let join = try bob.store.authorPublicJoin(of: made.id).operation
        #expect(join.header.links == [made.id])
        #expect(join.header.clock > made.header.clock)
    }

    @Test func authorityGoesFirstIntoEightPlacesAndEachAuthorHasOne() throws {
        let world = try World()
        // Twelve members, each with a message that follows the admission alone; the first also makes a
        // channel.
        var operations: [Operation] = []
        var channel: OperationID?
        var ahead: Operation?
        for number in 20..<32 as Range<UInt8> {
            let home = try TestHome(world.clock, seed: number)
            try world.join(home)
            if number == 20 {
                let made = try home.store.createChannel(name: ChannelName(parsing: "early"), in: world.space)
                channel = made.operation.id
                operations.append(made.operation)
            }
            world.clock.advance(by: .seconds(1))
            operations.append(try world.post(home, "from \(number)"))
            if number == 20 {
                ahead = try home.store.createChannel(
                    name: ChannelName(parsing: "late"), in: world.space, at: world.clock.now + .seconds(300)
                ).operation
            }
            world.clock.advance(by: .seconds(1))
        }
        _ = try world.alice.store.ingest(operations, from: .file)
        // What its author writes after it, too far ahead to be linked to, does not take its place.
        if let ahead {
            _ = try world.alice.store.ingest([ahead], from: .file)
            #expect(world.heads.contains(ahead.id))
        }
        let links = try world.post(world.alice, "all").header.dependencies
        #expect(links.count == OperationHeader.maxDependencyCount)
        #expect(links.first == channel)
        let authors = try links.map { try #require(try world.alice.store.operation($0)).author }
        #expect(Set(authors).count == links.count)
    }

    @Test func forkOfOurOwnKeyStopsWriting() throws {
        let world = try World()
        var forger = try Forger(world.alice.store, in: world.space)
        let twin = try forger.write(
            MessagePost(text: "twin"), clock: .at(world.clock.now, .seconds(2)), channel: world.channel)
        try world.post(world.alice, "original")
        #expect(try world.alice.store.ingest([twin], from: .file).verdicts[0].isDurable)
        let forks = try world.alice.store.details(of: world.space).forks
        #expect(forks == [.init(author: world.alice.store.publicKey, sequence: 2)])
        #expect(throws: StoreError.forkedKey) { try world.post(world.alice, "more") }
    }

    @Test func chainGoesOnAfterOperationsOfAnotherHomeWithOurKey() throws {
        let world = try World()
        var forger = try Forger(world.alice.store, in: world.space)
        let elsewhere = try forger.write(
            MessagePost(text: "elsewhere"), clock: .at(world.clock.now, .seconds(2)), channel: world.channel)
        _ = try world.alice.store.ingest([elsewhere], from: .file)
        let post = try world.post(world.alice, "here")
        #expect(post.header.previous == elsewhere.id && post.header.sequence == 3)
    }

    @Test func oversizedTextStoresNothing() throws {
        let world = try World()
        let before = try world.alice.store.all(world.space).count
        let text = String(repeating: "x", count: 1_048_576)
        #expect(throws: StoreError.operation(.tooLarge)) { try world.post(world.alice, text) }
        #expect(try world.alice.store.all(world.space).count == before)
        #expect(try world.post(world.alice, "small").header.sequence == 2)
    }

    @Test func unknownSpaceAndChannelAreRefused() throws {
        let world = try World()
        let other = try World()
        #expect(throws: StoreError.unknownSpace) {
            try world.alice.store.post("x", channel: world.channel, in: other.space)
        }
        #expect(throws: StoreError.unknownTarget) {
            try world.alice.store.post("x", channel: world.space, in: world.space)
        }
    }

    @Test func memberMayNotDoWhatIsTheCreators() throws {
        let world = try World().joined()
        #expect(throws: StoreError.notPermitted) {
            try world.bob.store.author(SpaceRename(name: "Mine"), in: world.space)
        }
        #expect(throws: StoreError.notPermitted) {
            try world.bob.store.createInvite(in: world.space, rank: 5, expires: nil)
        }
        #expect(throws: Never.self) { try world.bob.store.createInvite(in: world.space, expires: nil) }
        #expect(throws: Never.self) {
            try world.alice.store.author(SpaceRename(name: "Ours"), in: world.space)
        }
        #expect(try world.alice.store.space(world.space)?.name == "Ours")
    }

    @Test func afterLeavingNothingIsWritten() throws {
        let world = try World().joined()
        let leave = try world.bob.store.leave(world.space)
        #expect(try world.bob.store.spaces().isEmpty)
        #expect(throws: StoreError.unknownSpace) { try world.post(world.bob, "x") }
        // The leave itself is still to be handed over.
        #expect(world.bob.store.syncDirectory().spaces() == [world.space])
        try world.bob.store.recordReceipts(
            world.bob.store.outbox().map(\.operation), from: world.alice.store.peerID)
        #expect(world.bob.store.syncDirectory().spaces().isEmpty)
        _ = try world.alice.store.ingest([leave.operation], from: .file)
        #expect(try world.alice.store.members(of: world.space).count == 1)
    }
}
