import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

@Suite struct SyncSessionTests {
    @Test func equalSetsTakeOneRoundTrip() {
        let world = World()
        for chunk in [1, 65_536] {
            var pair = world.pair()
            pair.chunk = chunk
            pair.start()
            pair.run()
            #expect(pair.initiator.report?.wasEqual == true && pair.responder.report?.wasEqual == true)
            #expect(pair.initiator.report?.roundTrips == 1)
            #expect(pair.flights == 2, "one flight each way")
            #expect(pair.moved < 400)
            #expect(pair.initiator.events == ["accepted", "reconciled", "ended"])
            #expect(pair.responder.events == ["opened", "reconciled", "ended"])
        }
    }

    @Test func halfMissingOnEachSideMeetsParentsFirst() {
        var prng = PRNG(seed: suiteSeed)
        for _ in 0..<suiteScale { self.meet(count: 1_200, using: &prng) }
    }

    private func meet(count: Int, using prng: inout PRNG) {
        var world = World()
        var operations: [Operation] = []
        for index in 0..<count {
            operations.append(
                index % 5 == 0
                    ? world.bob.content(
                        MessagePost(text: "b\(index)"), links: operations.last.map { [$0.id] } ?? [],
                        channel: world.channel)
                    : index % 97 == 0
                        ? world.alice.authority(ChannelCreate(name: "c\(index)")) : world.message("a\(index)")
            )
        }
        for operation in operations {
            let place = prng.below(4)
            if place != 0 { world.aliceStorage.insert(operation) }
            if place != 1 { world.bobStorage.insert(operation) }
        }
        let before = Set(world.bobStorage.operations.keys)
        var pair = world.pair()
        pair.start()
        pair.run()
        print("sync of \(count) operations, seed \(suiteSeed)")
        #expect(world.aliceStorage.operations.count == count + 4)
        #expect(world.bobStorage.summary() == world.aliceStorage.summary())
        #expect(pair.initiator.report != nil && pair.responder.report != nil)
        #expect(pair.initiator.report!.received == pair.responder.report!.sent)
        #expect(pair.initiator.report!.sent == pair.responder.report!.received)
        #expect(pair.initiator.report!.roundTrips == 2)
        // Nothing came before something that it follows and that had to come too.
        var present = before
        var early = 0
        for id in pair.initiator.stored {
            early += world.bobStorage.operations[id]!.header.links.filter { !present.contains($0) }.count
            present.insert(id)
        }
        #expect(early == 0)
    }

    @Test func authorityComesBeforeContent() {
        var world = World()
        for index in 0..<20 { world.aliceStorage.insert(world.message("\(index)")) }
        var carol = Author(seed: 300)
        carol.space = world.channel
        carol.space = world.aliceStorage.space
        let late = carol.authority(MemberLeave(), links: [world.channel])
        world.aliceStorage.insert(late)
        var pair = world.pair()
        pair.start()
        pair.run()
        #expect(pair.initiator.stored.first == late.id && pair.initiator.stored.count == 21)
    }

    @Test func authorsComeInTurns() throws {
        var world = World()
        for index in 0..<50 { world.aliceStorage.insert(world.message("\(index)")) }
        var carol = Author(seed: 300)
        carol.space = world.aliceStorage.space
        carol.clock = HybridLogicalClock(milliseconds: 1_800_000_000_000, counter: 0)  // after all of them
        var last: Operation?
        for index in 0..<3 {
            let message = carol.content(
                MessagePost(text: "c\(index)"), links: [world.channel], channel: world.channel)
            world.aliceStorage.insert(message)
            last = message
        }
        var pair = world.pair()
        pair.start()
        pair.run()
        #expect(pair.initiator.stored.count == 53)
        // Three of hers and as many of the one who wrote fifty.
        let third = try #require(last)
        #expect(try #require(pair.initiator.stored.firstIndex(of: third.id)) < 6)
    }

    @Test func cutAnywhereAndResumedLosesNothing() {
        var prng = PRNG(seed: suiteSeed)
        var cuts = 0
        for round in 0..<40 * suiteScale {
            var world = World()
            for index in 0..<30 {
                let operation =
                    index % 3 == 0
                    ? world.bob.content(MessagePost(text: "b\(index)"), channel: world.channel)
                    : world.message("a\(index)")
                (index % 3 == 0 ? world.bobStorage : world.aliceStorage).insert(operation)
            }
            for _ in 0..<3 {
                var pair = world.pair()
                pair.chunk = 1 + prng.below(100)
                pair.cutAfter = round < 4 ? round + 1 : prng.below(14_000) + 1
                pair.start()
                pair.run()
                var events: [SyncSession.Event] = []
                pair.initiator.session.remoteDidFinish(into: &events)
                pair.initiator.handle(events)
                if pair.initiator.failure != nil {
                    cuts += 1
                    #expect(pair.initiator.failure == .cut && !SyncFailure.cut.isMisbehaviour)
                }
            }
            var pair = world.pair()
            pair.start()
            pair.run()
            #expect(pair.initiator.report != nil)
            #expect(world.bobStorage.summary() == world.aliceStorage.summary())
            #expect(world.bobStorage.operations.count == 34)
        }
        print("sync cuts: \(cuts), seed \(suiteSeed)")
        #expect(cuts > 40)
    }

    @Test func strangerAndUnknownSpaceGetTheSameByte() {
        let world = World()
        var answers: [[UInt8]] = []
        let stranger = Author(seed: 300)
        let elsewhere = MemoryDirectory(storages: [])
        for (initiator, directory, purpose) in [
            (stranger, nil, SyncSession.Purpose.reconcile),
            (stranger, elsewhere, .reconcile),
            (world.bob, elsewhere, .reconcile),
            (stranger, nil, .joinPublic),
            (stranger, nil, .join(invite: world.channel, proof: [UInt8](repeating: 0, count: 64))),
            (stranger, nil, .push),
        ] {
            var pair = world.pair(purpose: purpose, initiator: initiator, directory: directory)
            pair.start()
            pair.run()
            answers.append(pair.responder.bytes)
            #expect(pair.initiator.refusal == .unknown && pair.responder.stored.isEmpty)
            #expect(pair.responder.wantsFinish && pair.responder.failure == nil)
        }
        #expect(answers.allSatisfy { $0 == [0] })
    }

    @Test func openingIsBoundToBothEndsAndBlinded() {
        let world = World()
        var pair = world.pair()
        pair.start()
        var flight: [UInt8] = []
        pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
        let space = world.aliceStorage.space.bytes
        let leaks = flight.indices.dropLast(31).contains { Array(flight[$0..<$0 + 32]) == space }
        #expect(!leaks)
        // Carol, a member too, replays what Bob sent.
        let carol = Author(seed: 300)
        world.aliceStorage.members.insert(carol.publicKey)
        var replay = world.pair(initiator: carol)
        var events: [SyncSession.Event] = []
        replay.responder.session.received(flight, into: &events)
        replay.responder.handle(events)
        var answer: [UInt8] = []
        replay.responder.session.takeOutbound(into: &answer, maxBytes: .max)
        #expect(answer == [0])
    }

    @Test func pushedOperationsAreReceiptedInOneRoundTrip() {
        for chunk in [1, 65_536] {
            var world = World()
            let post = world.bob.content(MessagePost(text: "hi"), channel: world.channel)
            let known = world.bob.content(MessagePost(text: "known"), channel: world.channel)
            let unknown = world.bob.content(MessagePost(text: "later"), channel: world.channel)
            for operation in [post, known, unknown] { world.bobStorage.insert(operation) }
            world.aliceStorage.insert(known)
            var pair = world.pair(purpose: .push, pushing: [post.id], asking: [known.id, unknown.id])
            pair.chunk = chunk
            pair.start()
            pair.run()
            #expect(
                Set(pair.initiator.receipts) == [post.id, known.id] && pair.initiator.receipts.count == 2)
            #expect(pair.flights == 2 && pair.initiator.report?.roundTrips == 1)
            #expect(world.aliceStorage.contains(post.id) && !world.aliceStorage.contains(unknown.id))
            #expect(pair.initiator.report != nil && pair.responder.report != nil)
        }
    }

    @Test func receiptsComeOnlyAfterTheStore() {
        var world = World()
        let post = world.bob.content(MessagePost(text: "hi"), channel: world.channel)
        world.bobStorage.insert(post)
        var pair = world.pair(purpose: .push, pushing: [post.id])
        pair.start()
        var flight: [UInt8] = []
        pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
        var events: [SyncSession.Event] = []
        pair.responder.session.received(flight, into: &events)
        guard case .store(let operations)? = events.last else {
            Issue.record("nothing to store")
            return
        }
        let hasOutbound = pair.responder.session.hasOutbound
        #expect(operations.map(\.id) == [post.id] && !hasOutbound)
        events = []
        pair.responder.session.stored(durable: [], refused: [post.id], into: &events)
        pair.responder.handle(events)
        pair.run()
        #expect(pair.initiator.receipts.isEmpty && pair.initiator.report != nil)
        #expect(pair.responder.report?.refused == 1)
    }

    @Test func reconciliationShowsWhatThePeerHas() {
        var world = World()
        let mine = (0..<3).map { world.bob.content(MessagePost(text: "\($0)"), channel: world.channel) }
        for operation in mine { world.bobStorage.insert(operation) }
        world.aliceStorage.insert(mine[0])
        world.bobStorage.awaiting = mine.map(\.id)
        var pair = world.pair()
        pair.start()
        pair.run()
        #expect(pair.initiator.receipts.first == mine[0].id, "the list shows it")
        #expect(Set(pair.initiator.receipts) == Set(mine.map(\.id)) && pair.initiator.receipts.count == 3)
        world.bobStorage.awaiting = mine.dropFirst().map(\.id)
        var again = world.pair()
        again.start()
        again.run()
        #expect(again.initiator.report?.wasEqual == true)
        #expect(Set(again.initiator.receipts) == Set(mine.dropFirst().map(\.id)))
    }

    @Test func responderIsReceiptedToo() {
        var world = World()
        let posts = (0..<2).map { world.message("\($0)") }
        for post in posts { world.aliceStorage.insert(post) }
        world.bobStorage.insert(posts[0])
        world.aliceStorage.awaiting = posts.map(\.id)
        for chunk in [1, 65_536] {
            let stored = world.bobStorage.operations
            var pair = world.pair()
            pair.chunk = chunk
            pair.start()
            pair.run()
            #expect(
                Set(pair.responder.receipts) == Set(posts.map(\.id)) && pair.responder.receipts.count == 2)
            world.bobStorage.operations = stored
        }
    }

    @Test func openSessionCarriesReceiptsOfGossip() {
        var world = World()
        var pair = world.pair(stays: true)
        pair.start()
        pair.run()
        #expect(pair.initiator.report == nil && !pair.initiator.wantsFinish && !pair.responder.wantsFinish)
        let post = world.bob.content(MessagePost(text: "hi"), channel: world.channel)
        world.bobStorage.insert(post)
        pair.initiator.session.ask([post.id])
        pair.run()
        #expect(pair.initiator.receipts.isEmpty)
        world.aliceStorage.insert(post)
        pair.responder.session.committed(post.id, author: world.bob.publicKey)
        pair.run()
        #expect(pair.initiator.receipts == [post.id])
        let pushed = world.bob.content(MessagePost(text: "pushed"), channel: world.channel)
        world.bobStorage.insert(pushed)
        pair.initiator.session.push([pushed.id])
        pair.run()
        #expect(pair.initiator.receipts == [post.id, pushed.id] && world.aliceStorage.contains(pushed.id))
        var events: [SyncSession.Event] = []
        pair.initiator.session.leave(into: &events)
        pair.initiator.handle(events)
        pair.run()
        #expect(pair.initiator.report != nil && pair.responder.report != nil)
    }

    @Test func sessionThatEndsIsNotOpenMeanwhile() {
        var world = World()
        var pair = world.pair()
        pair.start()
        var (question, answer): ([UInt8], [UInt8]) = ([], [])
        var events: [SyncSession.Event] = []
        pair.initiator.session.takeOutbound(into: &question, maxBytes: 65_536)
        pair.responder.session.received(question[...], into: &events)
        pair.responder.handle(events)
        while pair.responder.session.hasOutbound {
            pair.responder.session.takeOutbound(into: &answer, maxBytes: 65_536)
        }
        events = []
        pair.initiator.session.received(answer[...], into: &events)
        pair.initiator.handle(events)
        // The responder has finished, and would take an operation for a violation; its end is on its way.
        #expect(pair.initiator.events.contains("reconciled") && pair.responder.wantsFinish)
        let isOpen = pair.initiator.session.isOpen
        #expect(!isOpen)
        let late = world.bob.content(MessagePost(text: "late"), channel: world.channel)
        world.bobStorage.insert(late)
        pair.initiator.session.push([late.id])
        pair.run()
        #expect(pair.responder.failure == nil && pair.responder.report != nil)
        #expect(!world.aliceStorage.contains(late.id))
    }

    @Test func equalFingerprintsWithOtherHeadsFetchAncestors() {
        var world = World()
        for index in 0..<6 {
            world.aliceStorage.insert(world.message("\(index)"))
            world.bobStorage.insert(world.bob.content(MessagePost(text: "b\(index)"), channel: world.channel))
        }
        world.aliceStorage.forgedFingerprint = [UInt8](repeating: 1, count: 16)
        world.bobStorage.forgedFingerprint = [UInt8](repeating: 1, count: 16)
        var pair = world.pair()
        pair.start()
        pair.run()
        let method = pair.initiator.session.method
        #expect(method == .ancestors)
        #expect(world.aliceStorage.operations.keys == world.bobStorage.operations.keys)
        #expect(world.aliceStorage.operations.count == 16)
        #expect(pair.initiator.report != nil && pair.responder.report != nil)
    }

    @Test func memberIntroducesItselfToWhoMissedItsAdmission() {
        var world = World()
        var carol = Author(seed: 300)
        carol.space = world.aliceStorage.space
        let join = carol.authority(MemberJoin(), links: [world.channel])
        let admit = world.bob.authority(MemberAdmit(join: join.id, member: carol.publicKey), links: [join.id])
        let storage = MemoryStorage(space: world.aliceStorage.space, localKey: carol.publicKey)
        for operation in world.common + [join, admit] { storage.insert(operation) }
        var refused = world.pair(initiator: carol, storage: storage)
        refused.start()
        refused.run()
        #expect(refused.initiator.refusal == .unknown)
        storage.admissions = [admit]
        var pair = world.pair(initiator: carol, storage: storage)
        pair.start()
        pair.run()
        #expect(pair.initiator.report != nil && world.aliceStorage.contains(admit.id))
        // An admission of somebody else opens nothing.
        let thief = Author(seed: 400)
        var stolen = world.pair(initiator: thief, storage: storage)
        stolen.start()
        stolen.run()
        #expect(stolen.responder.bytes == [0])
    }

    @Test func recordsArePassedOnToMembersAndOnlyOfMembers() {
        let world = World()
        let stranger = Author(seed: 500)
        let address = Multiaddr(parsing: "/ip4/10.0.0.1/tcp/1")!
        func record(_ author: Author, _ sequence: UInt64, key: Ed25519.PrivateKey? = nil) -> SyncRecord {
            let peer = PeerID(author.publicKey)
            return SyncRecord(
                peer: peer, sequence: sequence,
                envelope: PeerRecord(peer: peer, sequence: sequence, addresses: [address]).sealed(
                    by: key ?? author.key))
        }
        let carol = Author(seed: 300)
        let dan = Author(seed: 301)
        for storage in [world.aliceStorage, world.bobStorage] {
            storage.members.formUnion([carol.publicKey, dan.publicKey])
        }
        world.aliceStorage.records = [
            record(carol, 2), record(stranger, 1), record(dan, 3, key: stranger.key),
        ]
        world.bobStorage.records = [record(world.bob, 7), record(carol, 1)]
        var pair = world.pair()
        pair.start()
        pair.run()
        #expect(pair.initiator.records == [PeerID(carol.publicKey)])
        #expect(pair.responder.records == [PeerID(world.bob.publicKey)])
        // The same records on both sides are not sent again.
        world.bobStorage.records = world.aliceStorage.records
        var again = world.pair()
        again.start()
        again.run()
        #expect(again.moved < 400)
    }

    @Test func recordsOfThoseWhomTheSameSessionAdmitsAreTaken() throws {
        var world = World()
        let carol = Author(seed: 300)
        let peer = PeerID(carol.publicKey)
        let address = try #require(Multiaddr(parsing: "/ip4/10.0.0.1/tcp/1"))
        let envelope = PeerRecord(peer: peer, sequence: 2, addresses: [address]).sealed(by: carol.key)
        world.aliceStorage.records = [SyncRecord(peer: peer, sequence: 2, envelope: envelope)]
        let join = world.common[2]
        world.aliceStorage.insert(
            world.alice.authority(MemberAdmit(join: join.id, member: carol.publicKey), links: [join.id]))
        #expect(!world.bobStorage.members.contains(carol.publicKey))
        var pair = world.pair()
        pair.start()
        pair.run()
        #expect(world.bobStorage.members.contains(carol.publicKey))
        #expect(pair.initiator.records + pair.responder.records == [peer])
    }

    @Test func readingStopsWhileTheStoreIsBehind() throws {
        var world = World()
        let count = SyncLimits.maxUnstoredCount + 2 * SyncLimits.maxBatchCount
        for index in 0..<count { world.aliceStorage.insert(world.message("\(index)")) }
        var pair = world.pair()
        pair.start()
        var unanswered: [UnverifiedOperation] = []
        var toBob: [UInt8] = []
        // Bob's driver does not answer: at most the bound is in flight, however much arrives.
        for _ in 0..<6 {
            var flight: [UInt8] = []
            pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
            var events: [SyncSession.Event] = []
            pair.responder.session.received(flight, into: &events)
            pair.responder.handle(events)
            toBob = []
            pair.responder.session.takeOutbound(into: &toBob, maxBytes: .max)
            events = []
            pair.initiator.session.received(toBob, into: &events)
            for case .store(let operations) in events { unanswered += operations }
        }
        let wantsInput = pair.initiator.session.wantsInput
        #expect(!wantsInput)
        #expect(unanswered.count >= SyncLimits.maxUnstoredCount && unanswered.count < count)
        for operation in unanswered { world.bobStorage.insert(try operation.verified()) }
        var events: [SyncSession.Event] = []
        pair.initiator.session.stored(durable: unanswered.map(\.id), into: &events)
        pair.initiator.handle(events)
        pair.run()
        #expect(world.bobStorage.operations.count == count + 4 && pair.initiator.report != nil)
    }

    /// The peer was done and settled before we had stored the last of it, and goes on to what is new.
    @Test func pushesMayComeBeforeTheLastIsStored() throws {
        var world = World()
        let first = world.message("first")
        world.aliceStorage.insert(first)
        var pair = world.pair(stays: true)
        pair.start()
        var batches: [[UnverifiedOperation]] = []
        for _ in 0..<3 {
            var flight: [UInt8] = []
            pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
            var events: [SyncSession.Event] = []
            pair.responder.session.received(flight, into: &events)
            pair.responder.handle(events)
            flight = []
            pair.responder.session.takeOutbound(into: &flight, maxBytes: .max)
            events = []
            pair.initiator.session.received(flight, into: &events)
            for case .store(let operations) in events { batches.append(operations) }
        }
        let isSettled = pair.responder.session.isOpen
        let isOpen = pair.initiator.session.isOpen
        #expect(isSettled && !isOpen && batches.map { $0.map(\.id) } == [[first.id]])
        let second = world.message("second")
        world.aliceStorage.insert(second)
        pair.responder.session.push([second.id])
        var flight: [UInt8] = []
        pair.responder.session.takeOutbound(into: &flight, maxBytes: .max)
        var events: [SyncSession.Event] = []
        pair.initiator.session.received(flight, into: &events)
        pair.initiator.handle(events)
        #expect(pair.initiator.failure == nil && pair.initiator.stored == [second.id])
        events = []
        pair.initiator.session.stored(durable: [first.id], into: &events)
        pair.initiator.handle(events)
        #expect(pair.initiator.events.last == "reconciled")
    }
}
