import DescordCrypto
import LibP2PCore
import Testing

@testable import LibP2P

@Suite struct ConnectionTests {
    private static let proposal: [UInt8] =
        [19] + Array("/multistream/1.0.0\n".utf8) + [7] + Array("/noise\n".utf8)
    private let hello = Array("hello".utf8)

    /// Opens a stream, has it echoed, and returns what came back.
    private func echo(_ pair: Pair, _ payload: [UInt8], _ protocols: [String] = ["/echo/1.0.0"]) -> [UInt8] {
        guard let stream = pair.dialer.openStream(protocols, now: pair.now) else { return [] }
        pair.dialer.write(payload, on: stream)
        pair.dialer.finish(stream)
        for _ in 0..<50 {
            let seen = pair.listenerEvents.count
            pair.run()
            for event in pair.listenerEvents[seen...] {
                if case .streamData(stream, let bytes) = event { pair.listener.write(bytes, on: stream) }
                if case .streamFinished(stream) = event { pair.listener.finish(stream) }
            }
            if seen == pair.listenerEvents.count, !pair.listener.hasOutbound { break }
        }
        return pair.dialerEvents.data(on: stream)
    }

    // MARK: - Upgrade

    @Test(arguments: [true, false], [true, false])
    func bothAuthenticateAndShareTheHandshakeHash(early: Bool, optimistic: Bool) {
        let pair = Pair(
            dialer: {
                $0.offersEarlyMuxer = early; $0.isOptimistic = optimistic
            },
            listener: { $0.offersEarlyMuxer = true })
        pair.run()
        #expect(pair.dialerEvents == [.upgraded(peer: PeerID(Pair.listenerKey.publicKey), earlyMuxer: early)])
        #expect(pair.listenerEvents == [.upgraded(peer: PeerID(Pair.dialerKey.publicKey), earlyMuxer: early)])
        #expect(pair.dialer.handshakeHash?.count == 32)
        #expect(pair.dialer.handshakeHash == pair.listener.handshakeHash)
        #expect(self.echo(pair, self.hello) == self.hello)
    }

    @Test func theFirstAnswerTakesTwoRoundTripsAfterTCP() {
        let pair = Pair()
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: .zero)!
        pair.dialer.write(self.hello, on: stream)
        pair.flushDialer()
        pair.flushListener()
        #expect(pair.dialerEvents.isUpgraded)
        pair.flushDialer()
        #expect(pair.listenerEvents.data(on: stream) == self.hello)
        pair.listener.write(self.hello, on: stream)
        pair.flushListener()
        #expect(pair.dialerEvents.contains(.streamNegotiated(stream, protocolID: "/echo/1.0.0")))
        #expect(pair.dialerEvents.data(on: stream) == self.hello)
    }

    @Test func withoutTheEarlyMuxerItTakesNoMore() {
        let pair = Pair(listener: { $0.offersEarlyMuxer = false })
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: .zero)!
        pair.dialer.write(self.hello, on: stream)
        pair.flushDialer()
        pair.flushListener()
        pair.flushDialer()
        #expect(pair.listenerEvents.data(on: stream) == self.hello)
    }

    @Test func firstFlightIsProposalAndMessage1() {
        let pair = Pair()
        pair.flushDialer()
        #expect(pair.dialerSent == Self.proposal + [0, 32] + Pair.x25519(1).publicKey)
        pair.flushListener()
        #expect(Array(pair.listenerSent.prefix(28)) == Self.proposal)
        #expect(pair.listenerSent.count == 28 + 2 + 216)
    }

    @Test func theUpgradeWorksAByteAtATimeAndCut() {
        var prng = PRNG(seed: TestRun.seed)
        let payload = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let bytewise = Pair(chunking: .bytes)
        #expect(self.echo(bytewise, Array(payload.prefix(5_000))) == Array(payload.prefix(5_000)))
        let count = 5 * TestRun.scale
        for _ in 0..<count {
            let pair = Pair(
                chunking: .random(prng.split()), dialer: { $0.offersEarlyMuxer = prng.below(2) == 0 })
            #expect(self.echo(pair, payload) == payload)
            #expect(self.echo(pair, self.hello, ["/none", "/other/1.0.0"]) == self.hello)
        }
        TestRun.report("cut connections", count: count)
    }

    @Test func anotherPeerThanDialledIsRefused() {
        let pair = Pair(dialer: { $0.expectedPeer = PeerID(Pair.dialerKey.publicKey) })
        pair.run()
        #expect(pair.dialerEvents == [.closed(.noise(.unexpectedPeer(PeerID(Pair.listenerKey.publicKey))))])
        #expect(!pair.listenerEvents.isUpgraded)
        #expect(pair.dialer.hasOutbound == false)
    }

    @Test func aPeerWithoutNoiseIsRefused() {
        let pair = Pair()
        let bytes = [19] + Array("/multistream/1.0.0\n".utf8) + [3] + Array("na\n".utf8)
        pair.deliverToDialer(bytes)
        #expect(pair.dialerEvents == [.closed(.noSharedSecurity)])
        let other = Pair()
        other.deliverToListener([19] + Array("/multistream/1.0.0\n".utf8) + [11] + Array("/tls/1.0.0\n".utf8))
        other.flushListener()
        #expect(other.listenerSent.suffix(4) == [3, 0x6e, 0x61, 0x0a])
        #expect(!other.listenerEvents.isClosed)
    }

    @Test func strangersToMultistreamAreClosed() {
        for bytes in [
            Array("GET / HTTP/1.1\r\n".utf8), [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], [0], [0xff, 0xff, 0xff],
        ] as [[UInt8]] {
            let pair = Pair()
            pair.deliverToListener(bytes + [UInt8](repeating: 0x61, count: 200))
            guard case .negotiation? = pair.listenerEvents.failure else {
                Issue.record("not refused: \(bytes)")
                continue
            }
        }
    }

    @Test func aSlowHandshakeIsBoundedInTimeAndMemory() {
        let pair = Pair()
        pair.deliverToListener(Self.proposal)
        pair.deliverToListener([0x40, 0x00])
        for _ in 0..<10_000 { pair.deliverToListener([0]) }
        #expect(pair.listener.incompleteByteCount <= NoiseHandshake.maxMessageSize + 2)
        #expect(pair.listener.nextDeadline == .zero + .seconds(15))
        pair.listener.deadlineReached(now: .zero + .seconds(14), into: &pair.listenerEvents)
        #expect(!pair.listenerEvents.isClosed)
        pair.listener.deadlineReached(now: .zero + .seconds(15), into: &pair.listenerEvents)
        #expect(pair.listenerEvents.failure == .handshakeTimeout)
        #expect(pair.listener.nextDeadline == nil)
        let oversized = Pair()
        oversized.deliverToListener(
            Self.proposal + [0x40, 0x01])
        #expect(oversized.listenerEvents.failure == .noise(.malformedMessage))
    }

    @Test func aTamperedFrameClosesAndSaysNothingMore() {
        let pair = Pair()
        pair.run()
        pair.tamper = { fromDialer, bytes in if fromDialer, !bytes.isEmpty { bytes[bytes.count - 1] ^= 1 } }
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: pair.now)!
        pair.dialer.write(self.hello, on: stream)
        pair.flushDialer()
        #expect(pair.listenerEvents.last == .closed(.noise(.badTag)))
        let count = pair.listenerEvents.count
        pair.tamper = nil
        pair.dialer.write(self.hello, on: stream)
        pair.flushDialer()
        #expect(pair.listenerEvents.count == count)
    }

    // MARK: - Streams

    @Test func theListenerOpensStreamsToo() {
        let pair = Pair()
        pair.run()
        let stream = pair.listener.openStream(["/other/1.0.0"], now: pair.now)!
        pair.listener.write(self.hello, on: stream)
        pair.run()
        #expect(stream.value == 2)
        #expect(pair.dialerEvents.contains(.streamOpened(stream, protocolID: "/other/1.0.0")))
        #expect(pair.dialerEvents.data(on: stream) == self.hello)
    }

    @Test func anUnknownProtocolIsRefusedAndNobodyElseHearsOfIt() {
        let pair = Pair()
        pair.run()
        let stream = pair.dialer.openStream(["/none"], now: pair.now)!
        pair.dialer.write(self.hello, on: stream)
        pair.dialer.finish(stream)
        let other = pair.dialer.openStream(["/echo/1.0.0"], now: pair.now)!
        pair.run()
        #expect(
            pair.dialerEvents.contains(.streamRefused(stream))
                || pair.dialerEvents.contains(.streamReset(stream, code: 0x1001)))
        #expect(pair.dialerEvents.contains(.streamNegotiated(other, protocolID: "/echo/1.0.0")))
        #expect(pair.listenerEvents.data(on: stream).isEmpty)
        #expect(!pair.listenerEvents.contains { if case .streamReset = $0 { true } else { false } })
        #expect(pair.dialer.streamCount == 1 && pair.listener.streamCount == 1)
    }

    @Test func refusalOfAStreamThatStaysOpenIsReported() {
        let pair = Pair()
        pair.run()
        let stream = pair.dialer.openStream(["/none", "/neither"], now: pair.now)!
        pair.dialer.write(self.hello, on: stream)
        #expect(pair.dialer.pendingBytes(on: stream) > 5)
        pair.run()
        #expect(pair.dialerEvents.last == .streamRefused(stream))
        #expect(pair.dialer.streamCount == 0 && pair.listener.streamCount == 0)
    }

    @Test func theSecondCandidateGetsWhatWasWrittenBeforeTheChoice() {
        let pair = Pair()
        pair.run()
        #expect(self.echo(pair, self.hello, ["/none", "/echo/1.0.0"]) == self.hello)
    }

    @Test func inboundNegotiationEndsInTime() {
        let pair = Pair()
        pair.run()
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: pair.now)!
        pair.listener.setSupportedProtocols([])
        pair.flushDialer()
        #expect(pair.listener.streamCount == 1)
        let deadline = pair.listener.nextDeadline!
        pair.listener.deadlineReached(now: deadline, into: &pair.listenerEvents)
        #expect(pair.listener.streamCount == 0)
        // The dialer's side times out as well when no answer comes.
        pair.dialer.deadlineReached(now: pair.dialer.nextDeadline!, into: &pair.dialerEvents)
        #expect(pair.dialerEvents.last == .streamReset(stream, code: 0x1001))
        #expect(!pair.dialerEvents.isClosed && !pair.listenerEvents.isClosed)
    }

    @Test func streamsOpenedBeforeTheUpgradeWait() {
        let pair = Pair(dialer: {
            $0.offersEarlyMuxer = false; $0.isOptimistic = false
        })
        let streams = (0..<3).compactMap { _ in pair.dialer.openStream(["/echo/1.0.0"], now: .zero) }
        streams.forEach { pair.dialer.write(self.hello, on: $0) }
        pair.run()
        #expect(streams.allSatisfy { pair.listenerEvents.data(on: $0) == self.hello })
    }

    @Test func megabytesCrossBothWaysAtOnce() {
        let pair = Pair()
        pair.run()
        let payload = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let streams = (0..<2).compactMap { _ in pair.dialer.openStream(["/echo/1.0.0"], now: pair.now) }
        streams.forEach { pair.dialer.write(payload, on: $0) }
        pair.flushDialer()
        streams.forEach { pair.listener.write(payload, on: $0) }
        pair.run()
        for stream in streams {
            #expect(pair.listenerEvents.data(on: stream) == payload)
            #expect(pair.dialerEvents.data(on: stream) == payload)
            #expect(pair.dialer.pendingBytes(on: stream) == 0)
        }
        #expect(pair.dialerEvents.contains { if case .streamWritable = $0 { true } else { false } })
        #expect(pair.listenerEvents.contains { if case .roundTrip = $0 { true } else { false } })
    }

    @Test func aReaderThatDoesNotConsumeStopsTheWriterAtTheWindow() {
        let pair = Pair()
        pair.run()
        pair.consumes = false
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: pair.now)!
        pair.dialer.write([UInt8](repeating: 1, count: 1_000_000), on: stream)
        pair.run()
        let received = pair.listenerEvents.data(on: stream).count
        #expect(received <= Int(YamuxConfiguration.initialWindow) && received > 200_000)
        pair.listener.consumed(received, on: stream)
        pair.run()
        #expect(pair.listenerEvents.data(on: stream).count > received)
    }

    @Test func aResetReachesTheOtherSideWithItsCode() {
        let pair = Pair()
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: .zero)!
        pair.run()
        pair.dialer.reset(stream, code: 0x1003)
        pair.run()
        #expect(pair.listenerEvents.last == .streamReset(stream, code: 0x1003))
        #expect(!pair.dialerEvents.contains { if case .streamReset = $0 { true } else { false } })
    }

    @Test func streamsThatNegotiateForEverAreBounded() {
        let pair = Pair(listener: { $0.yamux.maxInboundStreams = 8 })
        pair.run()
        let streams = (0..<100).compactMap { _ in
            pair.dialer.openStream(["/none", "/echo/1.0.0"], now: pair.now)
        }
        #expect(streams.count == 100)
        pair.flushDialer()
        #expect(pair.listener.streamCount == 8)
        pair.run()
        let refused = pair.dialerEvents.filter {
            if case .streamReset(_, code: 0x1002) = $0 { true } else { false }
        }
        #expect(refused.count == 92)
    }
}
