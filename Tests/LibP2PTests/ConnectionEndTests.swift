import DescordCrypto
import LibP2PCore
import Testing

@testable import LibP2P

@Suite struct ConnectionEndTests {
    private let hello = Array("hello".utf8)

    // MARK: - Silence and the end

    @Test func aSilentPeerIsPingedThenGivenUp() {
        let pair = Pair()
        pair.run()
        let first = pair.dialer.nextDeadline!
        pair.dialer.deadlineReached(now: first, into: &pair.dialerEvents)
        #expect(pair.dialer.hasOutbound && !pair.dialerEvents.isClosed)
        let second = pair.dialer.nextDeadline!
        #expect(second == first + .seconds(20))
        pair.dialer.deadlineReached(now: second, into: &pair.dialerEvents)
        #expect(pair.dialerEvents.failure == .silentPeer)
    }

    @Test func anAnsweredPingKeepsTheConnection() {
        let pair = Pair()
        pair.run()
        for _ in 0..<5 {
            let deadline = pair.dialer.nextDeadline!
            pair.now = max(pair.now, deadline)
            pair.dialer.deadlineReached(now: pair.now, into: &pair.dialerEvents)
            pair.run()
            #expect(pair.dialer.nextDeadline! > pair.now)
        }
        #expect(!pair.dialerEvents.isClosed)
        #expect(pair.dialerEvents.contains(.roundTrip(.milliseconds(1))))
    }

    @Test func aPeerThatTalksButNeverAnswersPingsIsKept() {
        let pair = Pair()
        pair.run()
        for _ in 0..<5 {
            pair.now = pair.dialer.nextDeadline!
            pair.dialer.deadlineReached(now: pair.now, into: &pair.dialerEvents)
            var discarded: [UInt8] = []
            pair.now += .seconds(1)
            // The ping is lost; the listener says something else.
            #expect(pair.listener.openStream(["/echo/1.0.0"], now: pair.now) != nil)
            pair.flushListener()
            pair.dialer.takeOutbound(into: &discarded, maxBytes: 65_536, events: &pair.dialerEvents)
            #expect(pair.dialer.nextDeadline! > pair.now)
        }
        #expect(!pair.dialerEvents.isClosed)
    }

    @Test func closingSendsWhatIsWrittenAndSaysGoodbye() {
        let pair = Pair()
        let stream = pair.dialer.openStream(["/echo/1.0.0"], now: .zero)!
        pair.run()
        pair.dialer.write(self.hello, on: stream)
        pair.dialer.close(code: 0, into: &pair.dialerEvents)
        #expect(pair.dialerEvents.last == .closed(nil) && pair.dialer.hasOutbound)
        #expect(pair.dialer.openStream(["/echo/1.0.0"], now: pair.now) == nil)
        pair.run()
        #expect(pair.listenerEvents.data(on: stream) == self.hello)
        #expect(pair.listenerEvents.last == .closed(nil))
        #expect(!pair.dialer.hasOutbound && !pair.listener.hasOutbound)
    }

    @Test func aGoodbyeWithACodeIsAFailureOfThatCode() {
        let pair = Pair()
        pair.run()
        pair.dialer.close(code: 0x1005, into: &pair.dialerEvents)
        pair.run()
        #expect(pair.listenerEvents.last == .closed(.closedByPeer(code: 0x1005)))
    }

    @Test func aBrokenRuleIsAnsweredWithGoAway() {
        let pair = Pair()
        pair.run()
        let dialerMuxer = Self.transport(pair)
        var cipher = NoiseCipher(key: dialerMuxer)
        var frame: [UInt8] = [0, 0]
        YamuxHeader(.data, .syn, stream: 1, length: 262_145).append(to: &frame)
        #expect(cipher.sealFrame(in: &frame, from: 0))
        pair.deliverToListener(frame)
        #expect(pair.listenerEvents.last == .closed(.yamux(.windowExceeded(1))))
        pair.flushListener()
        #expect(pair.dialerEvents.last == .closed(.closedByPeer(code: 1)))
    }

    /// The dialer's sending key of the fixed handshake, from the independent transcript.
    private static func transport(_ pair: Pair) -> SecretBytes {
        SecretBytes(Multibase.decodeHex("1ac42e7995cc80dfa42459da2b92f934a91143b2172ab1c119095c222ee2ac28")!)
    }

    @Test func theEndOfTheTransportEndsTheConnection() {
        let pair = Pair()
        pair.run()
        pair.dialer.disconnected(into: &pair.dialerEvents)
        #expect(pair.dialerEvents.last == .closed(.disconnected))
        pair.dialer.disconnected(into: &pair.dialerEvents)
        #expect(pair.dialerEvents.filter { if case .closed = $0 { true } else { false } }.count == 1)
        #expect(pair.dialer.hasOutbound == false)
    }

    // MARK: - Mutation

    /// Bits flipped, bytes lost, doubled and inserted anywhere in either direction: nothing traps, nothing is
    /// believed that was not sent, and nothing large is held.
    @Test func mutatedTranscriptsNeverTrap() {
        var prng = PRNG(seed: TestRun.seed)
        let count = 300 * TestRun.scale
        for _ in 0..<count {
            let pair = Pair(
                chunking: .random(prng.split()), dialer: { $0.offersEarlyMuxer = prng.below(2) == 0 })
            let target = prng.below(2_000)
            var seen = 0
            var mutation = prng.split()
            pair.tamper = { _, bytes in
                defer { seen += bytes.count }
                guard target >= seen, target < seen + bytes.count else { return }
                let index = target - seen
                switch mutation.below(4) {
                case 0: bytes[index] ^= UInt8(1 << mutation.below(8))
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(bytes[index], at: index)
                default:
                    bytes.insert(
                        contentsOf: (0..<mutation.below(300)).map { _ in UInt8(mutation.below(256)) },
                        at: index)
                }
            }
            let stream = pair.dialer.openStream(["/echo/1.0.0"], now: .zero)
            if let stream { pair.dialer.write([UInt8](repeating: 0x41, count: 600), on: stream) }
            pair.run()
            for event in pair.listenerEvents {
                if case .streamData(_, let bytes) = event { #expect(bytes.allSatisfy { $0 == 0x41 }) }
                if case .upgraded(let peer, _) = event { #expect(peer == PeerID(Pair.dialerKey.publicKey)) }
            }
            for event in pair.dialerEvents {
                if case .upgraded(let peer, _) = event { #expect(peer == PeerID(Pair.listenerKey.publicKey)) }
            }
            #expect(pair.listener.incompleteByteCount < 70_000 && pair.dialer.incompleteByteCount < 70_000)
        }
        TestRun.report("mutated transcripts", count: count)
    }

    /// Garbage inside authentic frames: the attacker holds the keys.
    @Test func garbageUnderTheCipherNeverTraps() {
        var prng = PRNG(seed: TestRun.seed)
        let count = 200 * TestRun.scale
        for _ in 0..<count {
            let pair = Pair()
            pair.run()
            var cipher = NoiseCipher(key: Self.transport(pair))
            for _ in 0..<20 {
                var frame: [UInt8] = [0, 0]
                for _ in 0..<prng.below(5) {
                    YamuxHeader(
                        YamuxHeader.Kind(rawValue: UInt8(prng.below(4)))!,
                        YamuxHeader.Flags(rawValue: UInt16(prng.below(16))),
                        stream: UInt32(prng.below(6)), length: UInt32(prng.below(40))
                    ).append(to: &frame)
                    if prng.below(2) == 0 {
                        frame +=
                            [19] + Array("/multistream/1.0.0\n".utf8) + [13] + Array("/echo/1.0.0\n".utf8)
                    }
                    frame += (0..<prng.below(30)).map { _ in UInt8(prng.below(256)) }
                }
                #expect(cipher.sealFrame(in: &frame, from: 0))
                pair.deliverToListener(frame)
                var discarded: [UInt8] = []
                pair.listener.takeOutbound(into: &discarded, maxBytes: 4_096, events: &pair.listenerEvents)
            }
            #expect(pair.listener.streamCount <= 3)
        }
        TestRun.report("garbage under the cipher", count: count)
    }
}
