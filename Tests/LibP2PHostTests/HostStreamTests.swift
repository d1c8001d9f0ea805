import DescordCrypto
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(3))) @Loop struct HostStreamTests {
    private let echo = "/test/echo/1.0.0"

    private func pair(
        _ change: (inout Host.Configuration) -> Void = { _ in }
    ) async throws -> (a: Host, b: Host, connection: Connection) {
        let a = try await Host.make(change)
        let b = try await Host.make(change)
        return (a, b, try await a.dial(b))
    }

    private func end(_ hosts: Host...) async throws {
        for host in hosts { try await host.end() }
    }

    @Test func bytesGoBothWaysAndHalfCloseIsSeen() async throws {
        let (a, b, connection) = try await self.pair()
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        let events = stream.events
        stream.write(Array("hello".utf8))
        stream.finish()
        let other = await inbound.next()
        #expect(other.protocolID == self.echo)
        #expect(other.peer == a.peerID)
        let otherEvents = other.events
        #expect(await otherEvents.bytes(5) == Array("hello".utf8))
        #expect(await otherEvents.next() == .finished)
        other.write(Array("still open this way".utf8))
        #expect(await events.bytes(19) == Array("still open this way".utf8))
        other.finish()
        #expect(await events.next() == .finished)
        #expect(await events.next() == .closed(nil))
        #expect(await otherEvents.next() == .closed(nil))
        try await self.end(a, b)
    }

    @Test func theListenerCanOpenStreamsToo() async throws {
        let (a, b, _) = try await self.pair()
        let inbound = a.inbound(self.echo)
        while b.connections.isEmpty { try await value(Loop.eventLoop.submit {}) }
        let stream = try await value(b.openStream(to: a.peerID, [self.echo]))
        stream.write([1, 2, 3])
        let events = await inbound.next().events
        #expect(await events.bytes(3) == [1, 2, 3])
        try await self.end(a, b)
    }

    @Test func anUnknownProtocolIsRefused() async throws {
        let (a, b, connection) = try await self.pair()
        let stream = try #require(connection.openStream("/nobody/speaks/this"))
        stream.write([1])
        #expect(await stream.events.next() == .closed(.refused))
        let failure = await #expect(throws: OpenStreamError.self) {
            _ = try await value(connection.openStream(["/nobody/1", "/nobody/2"]))
        }
        #expect(failure == .stream(.refused))
        try await self.end(a, b)
    }

    @Test func theFirstCommonProtocolIsChosen() async throws {
        let (a, b, connection) = try await self.pair()
        let inbound = b.inbound(self.echo)
        let stream = try await value(connection.openStream(["/nobody/1", self.echo]))
        #expect(stream.protocolID == self.echo)
        stream.write([7])
        let events = await inbound.next().events
        #expect(await events.bytes(1) == [7])
        try await self.end(a, b)
    }

    @Test func aResetReachesTheOtherSideWithItsCode() async throws {
        let (a, b, connection) = try await self.pair()
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        let events = stream.events
        stream.write([1])
        let other = await inbound.next()
        let otherEvents = other.events
        #expect(await otherEvents.bytes(1) == [1])
        stream.reset(code: 0x1004)
        #expect(await events.next() == .closed(.reset(code: 0x1004)))
        #expect(await otherEvents.next() == .closed(.reset(code: 0x1004)))
        #expect(connection.isUsable)
        try await self.end(a, b)
    }

    @Test func largeTransfersArriveWholeWithBackpressure() async throws {
        let (a, b, connection) = try await self.pair()
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        let total = 64 << 20
        let chunk = PRNG.bytes(65_536, seed: 1)
        let expected = Events<[UInt8]>()
        // The writer keeps about a megabyte queued and goes on when told so.
        var sent = 0
        var hash = SHA256()
        var highest = 0
        let pump: () -> Void = {
            while sent < total, stream.pendingBytes < 1 << 20 {
                stream.write(chunk)
                hash.update(chunk)
                sent += chunk.count
                highest = max(highest, stream.pendingBytes)
            }
            if sent == total {
                sent += 1
                stream.finish()
                let digest = hash.finalize()
                expected.send(digest)
            }
        }
        stream.onWritable = pump
        pump()
        let other = await inbound.next()
        let received = Events<[UInt8]>()
        var readHash = SHA256()
        var count = 0
        other.onData = { bytes in
            readHash.update(bytes)
            count += bytes.count
        }
        other.onFinished = {
            let digest = readHash.finalize()
            received.send(digest)
        }
        let wanted = await expected.next()
        #expect(await received.next() == wanted)
        #expect(count == total)
        #expect(highest <= 1 << 20 + 65_536)
        try await self.end(a, b)
    }

    @Test func aPausedReaderStopsTheWriterAndResumes() async throws {
        let (a, b, connection) = try await self.pair()
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        let total = 2 << 20
        stream.write([UInt8](repeating: 5, count: total))
        let other = await inbound.next()
        other.pauseReading()
        let events = other.events
        // Whatever the window allows arrives; a round trip behind it shows that the rest waits at the writer.
        _ = try await value(a.ping(b.peerID))
        _ = try await value(a.ping(b.peerID))
        #expect(events.pending.isEmpty)
        #expect(stream.pendingBytes >= total - 262_144 - 64)
        other.resumeReading()
        #expect(await events.bytes(total).count == total)
        #expect(stream.pendingBytes == 0)
        try await self.end(a, b)
    }

    @Test func manyStreamsWorkAtOnce() async throws {
        let (a, b, connection) = try await self.pair()
        b.setHandler(self.echo) { stream in
            stream.onData = { [weak stream] in stream?.write($0) }
            stream.onFinished = { [weak stream] in stream?.finish() }
        }
        let payload = [UInt8](repeating: 9, count: 3_000)
        var open: [(LibP2PHost.Stream, Events<StreamEvent>)] = []
        for _ in 0..<200 {
            let stream = try #require(connection.openStream(self.echo))
            open.append((stream, stream.events))
            stream.write(payload)
            stream.finish()
        }
        for (_, events) in open {
            #expect(await events.bytes(3_000) == payload)
            #expect(await events.next() == .finished)
            #expect(await events.next() == .closed(nil))
        }
        try await self.end(a, b)
    }

    @Test func streamsBeyondTheLimitAreReset() async throws {
        let (a, b, connection) = try await self.pair { $0.limits.inboundStreamsPerConnection = 8 }
        var held: [LibP2PHost.Stream] = []
        b.setHandler(self.echo) { held.append($0) }
        var open: [Events<StreamEvent>] = []
        for _ in 0..<40 {
            let stream = try #require(connection.openStream(self.echo))
            stream.write([1])
            open.append(stream.events)
        }
        _ = try await value(a.ping(b.peerID).flatMapError { _ in Loop.eventLoop.makeSucceededFuture(.zero) })
        #expect(held.count <= 8)
        #expect(held.count >= 6)
        var resets = 0
        for events in open.suffix(30) {
            if case .closed(.reset?) = await events.next() { resets += 1 }
        }
        #expect(resets == 30)
        #expect(connection.isUsable)
        try await self.end(a, b)
    }

    @Test func unreadBytesBeyondTheLimitResetTheStream() async throws {
        let (a, b, connection) = try await self.pair { $0.limits.unreadBytesPerConnection = 100_000 }
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        let events = stream.events
        stream.write([UInt8](repeating: 1, count: 200_000))
        let other = await inbound.next()
        other.onClosed = { failure in #expect(failure == .limitReached) }
        #expect(await events.next() == .closed(.reset(code: StreamErrorCode.resourceLimit)))
        #expect(connection.isUsable)
        try await self.end(a, b)
    }

    @Test func unsentBytesBeyondTheLimitResetTheStream() async throws {
        let (a, b, connection) = try await self.pair()
        let (c, d, limited) = try await self.pair { $0.limits.unsentBytesPerStream = 400_000 }
        for (connection, isLimited) in [(connection, false), (limited, true)] {
            let stream = try #require(connection.openStream(self.echo))
            let events = stream.events
            stream.write([UInt8](repeating: 1, count: 400_001))
            #expect(events.pending == (isLimited ? [.closed(.limitReached)] : []))
            #expect(connection.isUsable)
        }
        try await self.end(a, b)
        try await self.end(c, d)
    }

    @Test func flushedBytesHaveLeftAndClosingDrains() async throws {
        let (a, b, connection) = try await self.pair()
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        let total = 1 << 20
        stream.write([UInt8](repeating: 3, count: total))
        let other = await inbound.next()
        let events = other.events
        try await value(stream.whenFlushed())
        #expect(stream.pendingBytes == 0)
        #expect(await events.bytes(total).count == total)
        // Written and closed in one breath: nothing is lost.
        stream.write([UInt8](repeating: 4, count: total))
        let closing = a.close()
        let rest = await events.bytes(total)
        #expect(rest.count == total)
        #expect(rest.allSatisfy { $0 == 4 })
        try await value(closing)
        #expect(a.connections.isEmpty)
        try await b.end()
    }

    @Test func aReaderThatNeverReadsDoesNotHoldClosingUp() async throws {
        let (a, b, connection) = try await self.pair { $0.deadlines.drain = .milliseconds(100) }
        let inbound = b.inbound(self.echo)
        let stream = try #require(connection.openStream(self.echo))
        stream.write([UInt8](repeating: 3, count: 8 << 20))
        let other = await inbound.next()
        other.pauseReading()
        try await a.end()
        #expect(a.connections.isEmpty)
        try await b.end()
    }
}

extension PRNG {
    /// Returns bytes that belong to a seed.
    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var prng = PRNG(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: prng.next()) }
    }
}
