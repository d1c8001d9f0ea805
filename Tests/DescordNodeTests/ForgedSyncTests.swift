import DescordCore
import DescordCrypto
import DescordStore
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import DescordNode

/// A member whose stream was tampered with after it was signed.
@Suite(.timeLimit(.minutes(1))) struct ForgedSyncTests {
    /// Sends bytes on a sync stream as a peer of this key; returns whether the node reset it, which it does
    /// at once or never: an honest stream is answered instead.
    private func isReset(
        _ bytes: [UInt8], from key: Ed25519.PrivateKey, at address: Multiaddr
    ) async throws
        -> Bool
    {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return try await loop.flatSubmit {
            let host = Host(
                configuration: Host.Configuration(key: key), eventLoop: loop, logger: Logger(label: "test"))
            let bound = NIOLoopBound(host, eventLoop: loop)
            return host.listen().flatMap { _ in
                bound.value.dial(
                    [address.withoutPeer], expecting: address.peerID, deadline: .seconds(20))
            }.flatMap { connection in
                let outcome = loop.makePromise(of: Bool.self)
                let stream = connection.openStream(SyncLimits.protocolID)
                stream?.onData = { _ in outcome.succeed(false) }
                stream?.onClosed = { _ in outcome.succeed(true) }
                stream?.write(bytes)
                return outcome.futureResult
            }.flatMap { isReset in bound.value.close().map { isReset } }
        }.get()
    }

    @Test func forgedSignatureResetsTheStreamAndIsNotStored() async throws {
        let alice = try TestHome()
        let bob = try TestHome()
        let (space, channel) = try alice.makeSpace()
        let aliceNode = try await alice.start()
        let address = try #require(try await aliceNode.addresses().first)
        let ticket = try await alice.ticket(for: space, at: aliceNode)
        let bobNode = try await bob.start(.oneShot)
        guard case .joined = try await bobNode.join(.ticket(ticket), deadline: .seconds(10)) else {
            Issue.record("not let in")
            return
        }
        await bobNode.stop()
        let post = try bob.store.post("hello", channel: channel, in: space).operation
        for isForged in [true, false] {
            var session = SyncSession(
                initiating: try #require(bob.store.syncStorage(of: space)), purpose: .push,
                localKey: bob.store.publicKey, remoteKey: alice.store.publicKey, nonce: Entropy.bytes(32),
                pushing: [post.id], now: SystemClock.wallTime())
            var events: [SyncSession.Event] = []
            session.start(into: &events)
            var bytes: [UInt8] = []
            session.takeOutbound(into: &bytes, maxBytes: .max)
            // The envelope, whose last bytes are the signature, ends before the salt's tag and size.
            let salt = try #require(post.salt)
            let start = try #require(
                bytes.indices.first { bytes[$0...].starts(with: salt) })
            if isForged { bytes[start - 3] ^= 1 }
            #expect(try await self.isReset(bytes, from: bob.store.key, at: address) == isForged)
            if isForged { #expect(try alice.store.operation(post.id) == nil) }
        }
        #expect(try alice.texts(space) == ["hello"])
        await aliceNode.stop()
    }
}
