import DescordCore
import DescordCrypto
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import DescordNode

/// Strangers that open sync streams and leave them alone.
@Suite(.timeLimit(.minutes(1))) struct SilentSessionTests {
    /// Opens `count` sync streams to a node and writes `bytes` on each; completes when `ends` of the last
    /// ones are gone and `then` is done.
    private func silence(
        _ count: Int, ends: Int, at address: Multiaddr, writing bytes: [UInt8] = [],
        then: @escaping @Sendable () -> EventLoopFuture<Void>
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.flatSubmit {
            let host = Host(
                configuration: Host.Configuration(key: .generate()), eventLoop: loop,
                logger: Logger(label: "test"))
            let bound = NIOLoopBound(host, eventLoop: loop)
            return host.listen().flatMap { _ in
                bound.value.dial(
                    [address.withoutPeer], expecting: address.peerID, deadline: .seconds(20)
                ).flatMap { connection in
                    let gone = (0..<count).map { _ -> EventLoopFuture<Void> in
                        let gone = loop.makePromise(of: Void.self)
                        let stream = connection.openStream(SyncLimits.protocolID)
                        stream?.onData = { _ in }
                        stream?.onClosed = { _ in gone.succeed() }
                        stream?.write(bytes)
                        if stream == nil { gone.succeed() }
                        return gone.futureResult
                    }
                    return EventLoopFuture.andAllSucceed(Array(gone.suffix(ends)), on: loop).flatMap(then)
                }
            }.flatMap { bound.value.close() }
        }.get()
    }

    @Test func silentStrangersAreBoundedEndedAndKeepNobodyWaiting() async throws {
        let alice = try TestHome()
        _ = try alice.makeSpace()
        let node = try await alice.start()
        func setDeadline(_ duration: Duration) async throws {
            try await node.run { engine in
                engine.openingDeadline = duration
                return engine.eventLoop.makeSucceededVoidFuture()
            }
        }
        let address = try #require(try await node.addresses().first)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await setDeadline(.seconds(3_600))
        // Those beyond the bound go at once, the others stay.
        try await self.silence(NodeEngine.maxInboundSessionsPerPeer + 6, ends: 6, at: address) {
            loop.makeFutureWithTask {
                let (open, unsettled) = try await node.run { engine in
                    engine.eventLoop.makeSucceededFuture(
                        (engine.unopenedSessions.count, engine.unsettledSessions))
                }
                #expect(open == NodeEngine.maxInboundSessionsPerPeer)
                #expect(unsettled == 0)
            }
        }
        try await setDeadline(.milliseconds(50))
        // Nothing, one byte of a frame that never ends, and an opening for a space that is not here.
        let zeros = [UInt8](repeating: 0, count: 32)
        let opening = [0x48, 0x0a, 0x46, 0x0a, 0x20] + zeros + [0x12, 0x20] + zeros
        for bytes in [[], [0x7f], opening] {
            try await self.silence(2, ends: 2, at: address, writing: bytes) {
                loop.makeSucceededVoidFuture()
            }
        }
        await node.stop()
    }
}
