import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore
import Testing

@testable import DescordStore

@Suite struct ReceiptTests {
    @Test func membersCountOnceAndNobodyElseDoes() throws {
        let world = try World().joined()
        let post = try world.post(world.alice, "x")
        let bob = world.bob.store.peerID
        let store = world.alice.store
        #expect(try store.recordReceipts([post.id], from: PeerID(person(50).publicKey)) == [])
        #expect(try store.recordReceipts([post.id], from: store.peerID) == [])
        #expect(try store.receiptPeers(of: post.id) == [])
        #expect(try store.recordReceipts([post.id], from: bob) == [post.id])
        #expect(try store.recordReceipts([post.id], from: bob) == [])
        #expect(try store.receiptPeers(of: post.id) == [bob])
        #expect(try store.message(post.id)?.storedBy == 1)
        // Of the messages of others nothing is counted.
        let other = try world.post(world.bob, "y")
        _ = try store.ingest([other], from: .file)
        #expect(try store.recordReceipts([other.id], from: bob) == [])
        #expect(try store.message(other.id)?.storedBy == nil)
    }

    @Test func firstReceiptEmptiesTheOutbox() throws {
        let world = try World()
        let early = try world.post(world.alice, "alone")
        #expect(try world.alice.store.outbox().isEmpty)
        #expect(try world.alice.store.outbox(includesLocal: true).map(\.operation).contains(early.id))
        try world.join(world.bob)
        let ids = try world.alice.store.outbox().map(\.operation)
        #expect(ids == (try world.alice.store.outboxIDs(of: world.space)))
        #expect(ids.contains(early.id))
        #expect(
            try world.alice.store.syncStorage(of: world.space)?.awaitingReceipts(
                from: world.bob.store.publicKey
            ).sorted() == ids.sorted())
        try world.alice.store.recordReceipts([early.id], from: world.bob.store.peerID)
        #expect(try world.alice.store.outbox().map(\.operation) == ids.filter { $0 != early.id })
        #expect(
            try world.alice.store.syncStorage(of: world.space)?.awaitingReceipts(
                from: world.bob.store.publicKey
            ).contains(early.id) == false)
        // Another member's receipt is still awaited.
        #expect(
            try world.alice.store.syncStorage(of: world.space)?.awaitingReceipts(
                from: person(77).publicKey
            ).contains(early.id) == true)
    }

    @Test func attemptsAreCountedAndForgottenByRetry() throws {
        let world = try World().joined()
        let post = try world.post(world.alice, "x")
        let store = world.alice.store
        try store.recordAttempt([post.id], error: "nobody")
        try store.recordAttempt([post.id], error: "nobody again")
        var entry = try #require(try store.outbox().last)
        #expect(entry.operation == post.id && entry.attempts == 2 && entry.lastError == "nobody again")
        #expect(try store.publication(post.id)?.gossipSeqno == entry.gossipSeqno)
        #expect(try store.retryOutbox([post.id]) == 1)
        entry = try #require(try store.outbox().last)
        #expect(entry.attempts == 0 && entry.lastError == nil)
        #expect(try store.dropOutbox([post.id]) == 1)
        #expect(try !store.outbox().map(\.operation).contains(post.id))
        #expect(try store.message(post.id)?.text == "x")
        #expect(try store.dropOutbox() > 0)
        #expect(try store.outbox(includesLocal: true).isEmpty)
    }

    @Test func localMeansThatNobodyElseEverWroteHere() throws {
        let world = try World()
        try world.post(world.alice, "x")
        #expect(try !world.alice.store.hasForeignOperations())
        try world.join(world.bob)
        #expect(try world.alice.store.hasForeignOperations(in: world.space))
    }
}

@Suite struct BookTests {
    private func address(_ port: Int) -> Multiaddr { Multiaddr(parsing: "/ip4/10.0.0.1/tcp/\(port)")! }

    @Test func whatWorkedLastIsDialledFirst() throws {
        let world = try World()
        let store = world.alice.store
        let bob = PeerID(person(2).publicKey)
        let carol = PeerID(person(3).publicKey)
        try store.addAddress(bob, self.address(1), source: .ticket)
        try store.addAddress(bob, self.address(2), source: .typed)
        try store.dialSucceeded(bob, address: self.address(3), source: .mdns)
        world.clock.advance(by: .seconds(1))
        try store.dialSucceeded(carol, address: self.address(4), source: .inbound)
        #expect(try store.candidates().map(\.address) == [4, 3, 2, 1].map(self.address))
        #expect(try store.candidates(for: [bob]).map(\.address) == [3, 2, 1].map(self.address))
        #expect(try store.dialCandidates(limit: 1).map(\.peer) == [carol])
        try store.dialFailed(bob, addresses: [self.address(3), self.address(9)])
        #expect(try store.candidates(for: [bob]).map(\.failures) == [1, 0, 0])
        #expect(try store.candidates(for: [bob]).count == 3)
        try store.dialSucceeded(bob, address: self.address(3), source: .typed)
        #expect(try store.candidates(for: [bob])[0].failures == 0)
        #expect(try store.candidates(for: [bob])[0].source == .typed)
    }

    @Test func peerHasEightAddressesAndTheWorstGoes() throws {
        let world = try World()
        let bob = PeerID(person(2).publicKey)
        try world.alice.store.dialSucceeded(bob, address: self.address(1), source: .inbound)
        for port in 2..<20 {
            world.clock.advance(by: .seconds(1))
            try world.alice.store.addAddress(bob, self.address(port), source: .ticket)
        }
        let kept = try world.alice.store.candidates(for: [bob]).map(\.address)
        #expect(kept.count == Store.maxAddressesPerPeer && kept.first == self.address(1))
        #expect(kept.contains(self.address(19)) && !kept.contains(self.address(2)))
    }

    @Test func newerRecordWinsAndOnlyMembersAreIntroduced() throws {
        let world = try World().joined()
        let store = world.alice.store
        func record(
            _ key: Ed25519.PrivateKey, _ sequence: UInt64, _ port: Int
        ) throws -> (PeerRecord, [UInt8]) {
            let record = PeerRecord(
                peer: PeerID(key.publicKey), sequence: sequence, addresses: [self.address(port)])
            return (record, record.sealed(by: key))
        }
        let (new, newEnvelope) = try record(person(2), 5, 5)
        let (old, oldEnvelope) = try record(person(2), 4, 4)
        let (stranger, strangerEnvelope) = try record(person(50), 1, 1)
        #expect(try store.saveRecord(new, envelope: newEnvelope))
        #expect(try !store.saveRecord(old, envelope: oldEnvelope))
        #expect(try store.saveRecord(stranger, envelope: strangerEnvelope))
        #expect(try store.ownRecord() == nil)
        let (own, ownEnvelope) = (
            PeerRecord(peer: store.peerID, sequence: 9, addresses: [self.address(7)]),
            PeerRecord(peer: store.peerID, sequence: 9, addresses: [self.address(7)]).sealed(by: store.key)
        )
        try store.saveOwnRecord(own, envelope: ownEnvelope)
        #expect(try store.ownRecord()?.envelope == ownEnvelope)
        #expect(try store.ownAddresses() == [self.address(7)])
        let storage = try #require(store.syncStorage(of: world.space))
        #expect(storage.memberRecords().map(\.peer) == [new.peer, store.peerID].sorted())
        #expect(storage.recordSequence(of: new.peer) == 5)
        #expect(try store.candidates(for: [new.peer]).map(\.address) == [self.address(5)])
    }

    @Test func backoffsOutliveTheRunAndNotTheirTime() throws {
        let world = try World()
        let peer = PeerID(person(2).publicKey)
        let later = world.clock.now + .seconds(60)
        try world.alice.store.saveBackoffs([
            StoredBackoff(topic: "a", peer: peer, expires: later),
            StoredBackoff(topic: "b", peer: peer, expires: world.clock.now),
        ])
        // Another run knows of a shorter one: the longer stays.
        let again = try world.alice.reopened()
        try again.saveBackoffs([StoredBackoff(topic: "a", peer: peer, expires: world.clock.now + .seconds(1))]
        )
        #expect(try again.backoffs() == [StoredBackoff(topic: "a", peer: peer, expires: later)])
        world.clock.advance(by: .seconds(60))
        #expect(try again.backoffs().isEmpty)
    }

    @Test func scoresAreKeptUntilTheyExpireTheNewestOfEachPeer() throws {
        let world = try World()
        let topic = StoredScore.Topic(
            name: "space/1", isHeldToMeshDeliveries: true, meshMessageDeliveries: 1.5,
            meshFailurePenalty: 0.1, invalidMessageDeliveries: 3)
        func score(_ number: UInt8, _ penalty: Double, _ seconds: Int64) -> StoredScore {
            StoredScore(
                peer: PeerID(person(number).publicKey), expires: world.clock.now + .seconds(seconds),
                behaviourPenalty: penalty, topics: [topic])
        }
        try world.alice.store.saveScores([score(2, 1, 60), score(3, 2, 10), score(4, 9, 0)])
        let again = try world.alice.reopened()
        try again.saveScores([score(2, 4, 30)])
        let kept = try again.scores()
        #expect(Set(kept) == [score(2, 4, 30), score(3, 2, 10)])
        #expect(kept.map(\.peer) == kept.map(\.peer).sorted())
        world.clock.advance(by: .seconds(10))
        #expect(try again.scores().map(\.behaviourPenalty) == [4])
    }

    @Test func settingsAreRemembered() throws {
        let world = try World()
        let store = world.alice.store
        #expect(try store.currentSpace() == nil && store.listenPort() == nil)
        try store.setCurrentSpace(world.space)
        try store.setCurrentChannel(world.channel, in: world.space)
        try store.rememberListenPort(4_001)
        try store.rememberListenPort(4_002, unlessSet: true)
        let again = try world.alice.reopened()
        #expect(try again.currentSpace() == world.space)
        #expect(try again.currentChannel(in: world.space) == world.channel)
        #expect(try again.listenPort() == 4_001)
        try again.rememberListenPort(4_003)
        #expect(try again.listenPort() == 4_003)
        // A space that was left is nobody's current one.
        try world.join(world.bob)
        try world.bob.store.setCurrentSpace(world.space)
        _ = try world.bob.store.leave(world.space)
        #expect(try world.bob.store.currentSpace() == nil)
    }
}
