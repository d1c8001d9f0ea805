import DescordCore
import DescordCrypto
import DescordStore
import LibP2PCore
import LibP2PHost
import NIOCore
import NIOPosix
import Testing

@testable import DescordNode

/// A listener where nobody has any business.
private final class NodeCanary: Sendable {
    let address: Multiaddr
    let visited: EventLoopFuture<Void>
    private let promise: EventLoopPromise<Void>
    private let channel: any Channel

    init() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Void.self)
        self.promise = promise
        self.visited = promise.futureResult
        self.channel = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                promise.succeed()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(try #require(self.channel.localAddress?.port))
        self.address = try #require(Multiaddr(ip: [127, 0, 0, 1], tcpPort: port))
    }

    /// Closes the listener; returns whether anybody came.
    func close() async throws -> Bool {
        try await self.channel.close().get()
        self.promise.fail(CancellationError())
        return await (try? self.visited.get()) != nil  // fails when nobody came
    }
}

@Suite(.timeLimit(.minutes(1))) struct NodeCanaryTests {
    /// A member passes on another member's own record, which names an address on this machine. Nodes that
    /// listen everywhere do not dial it; those that listen on loopback alone have loopback as their network.
    @Test(arguments: [("/ip4/0.0.0.0/tcp/0", false), ("/ip4/127.0.0.1/tcp/0", true)])
    func recordsOfMembersAreDialledByThePolicy(listening: String, isDialled: Bool) async throws {
        let canary = try await NodeCanary()
        let alice = try TestHome()
        let bob = try TestHome()
        let carol = try TestHome()
        let (space, _) = try alice.makeSpace()
        var configuration = try alice.configuration(.longLived)
        configuration.listenAddresses = [try #require(Multiaddr(parsing: listening))]
        let aliceNode = try await Node.start(configuration, store: alice.store)
        let port = try await aliceNode.run { engine in
            engine.eventLoop.makeSucceededFuture(engine.host.boundAddresses.first?.tcpPort)
        }
        let bound = try #require(port)
        let address = try #require(Multiaddr(ip: [127, 0, 0, 1], tcpPort: bound))
        let (invite, key) = try alice.store.createInvite(in: space, uses: 2, expires: nil)
        let ticket = try Ticket(
            space: space, spaceName: "ops", invite: invite.operation.id, key: key,
            peers: [.init(id: alice.store.peerID, addresses: [address])], signedBy: alice.store.key)
        for home in [carol, bob] {
            let node = try await home.start(.oneShot)
            guard case .joined = try await node.join(.ticket(ticket), deadline: .seconds(10)) else {
                Issue.record("not let in")
                return
            }
            await node.stop()
        }
        let sequence: UInt64 = 1 << 62
        let record = PeerRecord(
            peer: carol.store.peerID, sequence: sequence, addresses: [canary.address])
        #expect(try bob.store.saveRecord(record, envelope: record.sealed(by: carol.store.key)))
        configuration.presence = .oneShot
        let bobNode = try await Node.start(configuration, store: bob.store)
        _ = try await bobNode.dial(address.with(peer: alice.store.peerID), deadline: .seconds(5))
        _ = try await bobNode.sync(space, deadline: .seconds(10))
        let storage = try #require(alice.store.syncStorage(of: space))
        while storage.recordSequence(of: carol.store.peerID) != sequence {
            try Task.checkCancellation()
            _ = try await aliceNode.peers()
        }
        if isDialled { try await canary.visited.get() }
        await bobNode.stop()
        await aliceNode.stop()
        #expect(try await canary.close() == isDialled)
    }
}
