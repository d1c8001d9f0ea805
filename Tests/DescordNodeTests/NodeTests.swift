import DescordCore
import DescordCrypto
import DescordStore
import Foundation
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@testable import DescordNode

/// A home in a temporary folder, its store, and nodes that listen on loopback alone.
final class TestHome {
    let folder: TemporaryFolder
    let store: Store

    init() throws {
        self.folder = try TemporaryFolder()
        self.store = try Store.open(home: Home(path: self.folder.path + "/home"), key: .generate())
    }

    func configuration(_ presence: NodeConfiguration.Presence) throws -> NodeConfiguration {
        var configuration = NodeConfiguration(presence: presence)
        configuration.listenAddresses = [try #require(Multiaddr(parsing: "/ip4/127.0.0.1/tcp/0"))]
        configuration.usesMulticastDNS = false
        return configuration
    }

    func start(_ presence: NodeConfiguration.Presence = .longLived) async throws -> Node {
        try await Node.start(try self.configuration(presence), store: self.store)
    }

    /// Makes a space with a channel.
    func makeSpace() throws -> (space: SpaceID, channel: ChannelID) {
        let space = try self.store.createSpace(name: SpaceName(parsing: "ops"), isPublic: false).operation.id
        let channel = try self.store.createChannel(name: ChannelName(parsing: "general"), in: space).operation
            .id
        return (space, channel)
    }

    /// Makes a ticket with the addresses of a running node.
    func ticket(for space: SpaceID, at node: Node, uses: UInt32 = 5) async throws -> Ticket {
        let (invite, key) = try self.store.createInvite(in: space, uses: uses, expires: nil)
        let addresses = try await node.addresses()
        return try Ticket(
            space: space, spaceName: "ops", invite: invite.operation.id, key: key,
            peers: [.init(id: self.store.peerID, addresses: addresses.map(\.withoutPeer))],
            signedBy: self.store.key)
    }

    func texts(_ space: SpaceID) throws -> [String] {
        try self.store.messages(MessageFilter(space: space)).compactMap(\.text)
    }
}

@Suite(.timeLimit(.minutes(1))) struct NodeTests {
    @Test func aTicketLetsANewcomerInAndItsPostIsStoredByTheHost() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, channel) = try alice.makeSpace()
        _ = try alice.store.post("before", channel: channel, in: space)
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)

        let bobJoins = try await bob.start(.oneShot)
        guard case .joined(let report) = try await bobJoins.join(.ticket(ticket), deadline: .seconds(10))
        else {
            Issue.record("not joined")
            return
        }
        await bobJoins.stop()
        #expect(report.name == "ops")
        // Whoever comes later is told where the newcomer is.
        #expect(try !alice.store.candidates(for: [bob.store.peerID]).isEmpty)
        #expect(try bob.texts(space) == ["before"])

        let post = try bob.store.post("hello", channel: channel, in: space).operation.id
        let bobPosts = try await bob.start(.oneShot)
        let publication = try await bobPosts.publish([post], in: space, waitingFor: 1, deadline: .seconds(10))
        await bobPosts.stop()
        #expect(publication.storedBy == [post: 1])
        #expect(try alice.texts(space) == ["before", "hello"])
        await aliceNode.stop()
    }

    @Test func aPostThatTheFirstFlightDeliveredHasItsPhases() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobJoins = try await bob.start(.oneShot)
        guard case .joined = try await bobJoins.join(.ticket(ticket), deadline: .seconds(10)) else {
            Issue.record("not joined")
            return
        }
        await bobJoins.stop()

        let post = try bob.store.post("hello", channel: channel, in: space).operation.id
        let bobPosts = try await bob.start(.oneShot)
        _ = try await bobPosts.sync(space, deadline: .seconds(10))
        #expect(try bob.store.receiptPeers(of: post) == [alice.store.peerID])
        let publication = try await bobPosts.publish([post], in: space, waitingFor: 1, deadline: .seconds(10))
        #expect(publication.storedBy == [post: 1])
        #expect(publication.connect != nil)
        #expect(publication.stored != nil)
        await bobPosts.stop()
        await aliceNode.stop()
    }

    @Test func aSpaceReachesANewcomerThroughAMemberWhenItsAuthorIsGone() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let charlie = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobNode = try await bob.start()
        guard case .joined = try await bobNode.join(.ticket(ticket), deadline: .seconds(10)) else {
            Issue.record("bob is not let in")
            return
        }
        // Half by gossip and sync while both are there, half while Alice's node is down.
        for number in 0..<50 { _ = try alice.store.post("live \(number)", channel: channel, in: space) }
        _ = try await aliceNode.sync(space, deadline: .seconds(10))
        await aliceNode.stop()
        for number in 0..<50 { _ = try alice.store.post("later \(number)", channel: channel, in: space) }
        let bobAddresses = try await bobNode.addresses()
        let again = try await alice.start(.oneShot)
        _ = try await again.dial(try #require(bobAddresses.first), deadline: .seconds(5))
        _ = try await again.sync(space, deadline: .seconds(10))
        await again.stop()
        #expect(try bob.texts(space).count == 100)

        let ticketAtBob = try Ticket(
            space: space, spaceName: "ops", invite: ticket.invite, key: ticket.key,
            peers: [.init(id: bob.store.peerID, addresses: bobAddresses.map(\.withoutPeer))],
            signedBy: alice.store.key)
        let charlieNode = try await charlie.start(.oneShot)
        guard case .joined = try await charlieNode.join(.ticket(ticketAtBob), deadline: .seconds(10)) else {
            Issue.record("charlie is not let in")
            return
        }
        #expect(try charlie.texts(space).count == 100)
        await charlieNode.stop()
        await bobNode.stop()
    }

    @Test func aTicketThatIsUsedUpIsRefusedWithItsReason() async throws {
        let alice = try TestHome()
        let homes = [try TestHome(), try TestHome()]
        let (space, _) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode, uses: 1)
        var outcomes: [String] = []
        for home in homes {
            let node = try await home.start(.oneShot)
            switch try await node.join(.ticket(ticket), deadline: .seconds(10)) {
            case .joined: outcomes.append("joined")
            case .refused(let refusal): outcomes.append("\(refusal)")
            default: outcomes.append("neither")
            }
            await node.stop()
        }
        #expect(outcomes == ["joined", "usedUp"])
        await aliceNode.stop()
    }

    @Test func syncCountsASessionThatEndedBeforeItWasAsked() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let joins = try await bob.start(.oneShot)
        _ = try await joins.join(
            .ticket(try await alice.ticket(for: space, at: aliceNode)), deadline: .seconds(10))
        await joins.stop()
        _ = try alice.store.post("while bob was away", channel: channel, in: space)
        let node = try await bob.start(.oneShot)
        // Its own session, to whom it knows, ends before anybody asks for one.
        _ = try await node.run { engine in
            engine.wait(until: .init(after: .seconds(30))) { !engine.finishedSessions.isEmpty }
        }
        #expect(try bob.texts(space) == ["while bob was away"])
        let reports = try await node.sync(space, deadline: .seconds(10))
        #expect(reports.map(\.peer) == [alice.store.peerID.description])
        // The second time somebody is asked anew.
        #expect(try await node.sync(space, deadline: .seconds(10)).count == 1)
        await node.stop()
        await aliceNode.stop()
    }

    @Test func whoIsAloneInASpaceHasNoOtherMember() async throws {
        let alice = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let node = try await alice.start()
        let post = try alice.store.post("to nobody", channel: channel, in: space).operation.id
        let publication = try await node.publish([post], in: space, waitingFor: 1, deadline: .seconds(10))
        #expect(!publication.hasOtherMembers)
        #expect(try alice.store.outbox(includesLocal: true).allSatisfy { $0.attempts == 0 })
        await node.stop()
    }

    @Test func aPostReachesEveryListenerAndEachSaysSo() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let charlie = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobNode = try await bob.start()
        let charlieNode = try await charlie.start()
        for node in [bobNode, charlieNode] {
            guard case .joined = try await node.join(.ticket(ticket), deadline: .seconds(10)) else {
                Issue.record("not let in")
                return
            }
        }
        let post = try alice.store.post("to both", channel: channel, in: space).operation.id
        let publication = try await aliceNode.publish(
            [post], in: space, waitingFor: 2, deadline: .seconds(10))
        #expect(publication.storedBy == [post: 2])
        #expect(try bob.texts(space) == ["to both"])
        #expect(try charlie.texts(space) == ["to both"])
        for node in [aliceNode, bobNode, charlieNode] { await node.stop() }
    }

    @Test func aMemberThatWasTypedAndIsKnownIsConnectedOnce() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, _) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobJoins = try await bob.start(.oneShot)
        _ = try await bobJoins.join(.ticket(ticket), deadline: .seconds(10))
        await bobJoins.stop()

        var configuration = try bob.configuration(.oneShot)
        configuration.connect = [try #require(try await aliceNode.addresses().first)]
        let bobNode = try await Node.start(configuration, store: bob.store)
        #expect(try await bobNode.sync(space, deadline: .seconds(10)).count == 1)
        let peer = alice.store.peerID
        let count = try await bobNode.run { engine in
            engine.eventLoop.makeSucceededFuture(engine.host.connections(to: peer).count)
        }
        #expect(count == 1)
        await bobNode.stop()
        await aliceNode.stop()
    }

    @Test func aNodeThatStaysMeasuresTheRoundTripToWhoeverConnects() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let aliceNode = try await alice.start()
        let bobNode = try await bob.start()
        _ = try await bobNode.dial(try #require(try await aliceNode.addresses().first), deadline: .seconds(5))
        for node in [aliceNode, bobNode] {
            var measured: Double?
            while measured == nil {
                try Task.checkCancellation()
                measured = try await node.peers().first?.roundTripMilliseconds
            }
            #expect(try #require(measured) > 0)
        }
        for node in [aliceNode, bobNode] { await node.stop() }
    }

    @Test func withNobodyReachableAPostWaitsAndTheNextMeetingDeliversIt() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobNode = try await bob.start(.oneShot)
        _ = try await bobNode.join(.ticket(ticket), deadline: .seconds(10))
        await bobNode.stop()
        await aliceNode.stop()

        let post = try bob.store.post("queued", channel: channel, in: space).operation.id
        let alone = try await bob.start(.oneShot)
        let publication = try await alone.publish([post], in: space, waitingFor: 1, deadline: .seconds(10))
        await alone.stop()
        #expect(publication.storedBy == [post: 0])
        #expect(publication.hasOtherMembers)
        let queued = try #require(try bob.store.outbox().first { $0.operation == post })
        #expect(queued.attempts == 1)
        #expect(queued.lastError == "no member was reached")
        #expect(try bob.store.outbox().map(\.operation).contains(post))

        let aliceBack = try await alice.start()
        let bobBack = try await bob.start(.oneShot)
        _ = try await bobBack.dial(try #require(try await aliceBack.addresses().first), deadline: .seconds(5))
        _ = try await bobBack.sync(space, deadline: .seconds(10))
        await bobBack.stop()
        await aliceBack.stop()
        #expect(try alice.texts(space) == ["queued"])
        #expect(try bob.store.receiptPeers(of: post) == [alice.store.peerID])
        #expect(try bob.store.outbox().isEmpty)
    }
}
