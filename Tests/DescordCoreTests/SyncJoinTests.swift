import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

@Suite struct SyncJoinTests {
    /// A world with an invite, and a newcomer with its ticket.
    static func scene() -> (World, Author, MemoryStorage, OperationID, Ed25519.PrivateKey) {
        var world = World()
        var prng = PRNG(seed: 77)
        let ticketKey = prng.key()
        let invite = world.alice.authority(InviteCreate(publicKey: ticketKey.publicKey, rank: 0, uses: 1))
        world.aliceStorage.insert(invite)
        for index in 0..<10 { world.aliceStorage.insert(world.message("\(index)")) }
        let carol = Author(seed: 300)
        return (
            world, carol, MemoryStorage(space: world.aliceStorage.space, localKey: carol.publicKey),
            invite.id, ticketKey
        )
    }

    static func pair(
        _ scene: (World, Author, MemoryStorage, OperationID, Ed25519.PrivateKey), proof: [UInt8]? = nil
    ) -> Pair {
        let (world, carol, storage, invite, key) = scene
        let proof =
            proof
            ?? JoinProof.forConnection(
                space: storage.space, invite: invite, joiner: carol.publicKey, handshakeHash: world.hash,
                by: key)
        var pair = world.pair(
            purpose: .join(invite: invite, proof: proof), initiator: carol, storage: storage)
        pair.initiator.ticket = (invite, key)
        return pair
    }

    @Test func joiningFinishesInOneSession() {
        for chunk in [1, 65_536] {
            let scene = Self.scene()
            var pair = Self.pair(scene)
            pair.chunk = chunk
            pair.start()
            pair.run()
            #expect(pair.initiator.events == ["accepted", "joinNeeded", "admitted", "reconciled", "ended"])
            #expect(pair.responder.events == ["opened joining", "admit", "reconciled", "ended"])
            #expect(scene.2.summary() == scene.0.aliceStorage.summary())
            #expect(scene.2.operations.count == 17 && scene.2.members.contains(scene.1.publicKey))
            #expect(pair.initiator.report?.roundTrips == 4)
        }
    }

    @Test func newcomerGetsWhatAuthorityOperationsFollowBeforeWhatFollowsThem() {
        var scene = Self.scene()
        // Ten messages, an authority operation that follows them, and a message of bob's that follows that:
        // bob has his turn before alice's second message.
        let channel = scene.0.alice.authority(ChannelCreate(name: "second"))
        scene.0.aliceStorage.insert(channel)
        let reply = scene.0.bob.content(
            MessagePost(text: "reply"), links: [channel.id], channel: scene.0.channel)
        scene.0.aliceStorage.insert(reply)
        var pair = Self.pair(scene)
        pair.start()
        pair.run()
        let content = pair.initiator.stored.filter { scene.2.operations[$0]?.operationClass == .content }
        #expect(content.count == 11)
        #expect(content.last == reply.id)
    }

    @Test func newcomerSeesAuthorityAloneBeforeItsAdmission() {
        let scene = Self.scene()
        var pair = Self.pair(scene)
        pair.responder.refusesAdmission = .usedUp
        pair.start()
        pair.run()
        #expect(pair.initiator.refusal == .usedUp)
        #expect(scene.2.operations.values.allSatisfy { $0.operationClass == .authority })
        #expect(scene.2.operations.count == 6, "five of the space and its own join")
    }

    @Test func goodProofLearnsWhyItIsNotEnough() {
        for (verdict, refusal) in [
            (JoinVerdict.expired, SyncRefusal.expired), (.usedUp, .usedUp), (.revoked, .revoked),
            (.banned, .banned),
            (.unknown, .unknown),
        ] {
            let scene = Self.scene()
            scene.0.aliceStorage.verdict = verdict
            var pair = Self.pair(scene)
            pair.start()
            pair.run()
            #expect(pair.initiator.refusal == refusal && scene.2.operations.isEmpty)
        }
    }

    @Test func wrongProofsAreStrangers() {
        let scene = Self.scene()
        let (world, carol, storage, invite, key) = scene
        let other = Author(seed: 301)
        for proof in [
            [UInt8](), [UInt8](repeating: 0, count: 64),
            JoinProof.forOperation(space: storage.space, invite: invite, joiner: carol.publicKey, by: key),
            JoinProof.forConnection(
                space: storage.space, invite: invite, joiner: carol.publicKey,
                handshakeHash: [UInt8](repeating: 1, count: 32), by: key),
            JoinProof.forConnection(
                space: storage.space, invite: invite, joiner: other.publicKey, handshakeHash: world.hash,
                by: key),
            JoinProof.forConnection(
                space: storage.space, invite: invite, joiner: carol.publicKey, handshakeHash: world.hash,
                by: other.key),
        ] {
            var pair = Self.pair(scene, proof: proof)
            pair.start()
            pair.run()
            #expect(pair.responder.bytes == [0] && pair.initiator.refusal == .unknown)
        }
    }

    @Test func copiedJoinSignatureUnderAnotherKeyIsMisbehaviour() {
        let scene = Self.scene()
        var pair = Self.pair(scene)
        pair.initiator.ticket = (scene.3, Author(seed: 999).key)  // not the ticket's key
        pair.start()
        pair.run()
        #expect(pair.responder.failure == .badOperation(.badSignature))
        #expect(SyncFailure.badOperation(.badSignature).isMisbehaviour)
        #expect(!scene.0.aliceStorage.members.contains(scene.1.publicKey))
    }

    /// The ticket is good for one more key, and its holder hands in somebody else's join.
    @Test func joinOfAnotherKeyIsMisbehaviour() {
        let scene = Self.scene()
        var pair = Self.pair(scene)
        let dave = Author(seed: 301)
        pair.initiator.author = dave
        pair.start()
        pair.run()
        #expect(pair.responder.failure == .unexpected && SyncFailure.unexpected.isMisbehaviour)
        #expect(!pair.responder.events.contains("admit"))
        #expect(!scene.0.aliceStorage.members.contains(dave.publicKey))
    }

    @Test func publicSpacesAdmitWithoutATicket() {
        let world = World(isPublic: true)
        world.aliceStorage.isPublic = true
        let carol = Author(seed: 300)
        let storage = MemoryStorage(space: world.aliceStorage.space, localKey: carol.publicKey)
        var pair = world.pair(purpose: .joinPublic, initiator: carol, storage: storage)
        pair.start()
        pair.run()
        #expect(pair.initiator.report != nil && storage.summary() == world.aliceStorage.summary())
        #expect(world.aliceStorage.members.contains(carol.publicKey))
    }

    @Test func joinCutAfterTheAdmissionGoesOnAsAMember() {
        let scene = Self.scene()
        var cut = Self.pair(scene)
        cut.cutAfter = 2_600
        cut.start()
        cut.run()
        #expect(cut.initiator.report == nil)
        scene.0.aliceStorage.members.insert(scene.1.publicKey)
        scene.0.aliceStorage.verdict = .alreadyMember
        var pair = Self.pair(scene)
        pair.start()
        pair.run()
        #expect(pair.initiator.report != nil && pair.initiator.events.contains("reconciled"))
        #expect(!pair.initiator.events.contains("joinNeeded"))
        #expect(scene.2.operations.count >= 15)
    }
}
