import DescordCrypto
import Glibc
import LibP2PCore
import Testing

@testable import LibP2PHost

@Suite struct DNSMessageTests {
    /// A header with counts of questions, answers and additional records.
    private func header(_ questions: Int, _ answers: Int, _ additional: Int, flags: UInt8 = 0x84) -> [UInt8] {
        [0, 0, flags, 0, 0, UInt8(questions), 0, UInt8(answers), 0, 0, 0, UInt8(additional)]
    }

    @Test func aHandMadeAnswerWithCompressionIsRead() throws {
        // Offset 12: _p2p._udp.local, PTR to abc._p2p._udp.local by a pointer; the TXT's name is a pointer to
        // that.
        var packet = self.header(0, 1, 1)
        packet += [4] + Array("_p2p".utf8) + [4] + Array("_udp".utf8) + [5] + Array("local".utf8) + [0]
        packet += [0, 12, 0x80, 1, 0, 0, 0, 120, 0, 6]
        let target = packet.count
        packet += [3] + Array("abc".utf8) + [0xc0, 12]
        packet +=
            [0xc0, UInt8(target), 0, 16, 0, 1, 0, 0, 0, 120, 0, 8, 3] + Array("a=b".utf8) + [3]
            + Array("c=d".utf8)
        let message = try #require(DNSMessage(decoding: packet))
        #expect(message.isResponse)
        #expect(message.answers.count == 1)
        #expect(message.answers[0].name == DNSMessage.Name("_P2P._udp.LOCAL"))
        #expect(message.answers[0].content == .pointer(DNSMessage.Name("abc._p2p._udp.local")))
        #expect(message.answers[0].timeToLive == 120)
        #expect(message.additional[0].name == DNSMessage.Name("abc._p2p._udp.local"))
        #expect(message.additional[0].content == .text([Array("a=b".utf8), Array("c=d".utf8)]))
    }

    @Test func whatIsWrittenIsRead() {
        var message = DNSMessage(
            isResponse: true,
            questions: [.init(name: .init("_p2p._udp.local"), type: 12, wantsUnicast: true)],
            answers: [
                .init(name: .init("a.local"), content: .pointer(.init("b.local")), timeToLive: 0x0102_0304)
            ],
            additional: [
                .init(name: .init("b.local"), content: .text([[1, 2], []]), timeToLive: 1),
                .init(name: .init("b.local"), content: .other(type: 1, [10, 0, 0, 1]), timeToLive: 1),
            ])
        message.id = 77
        #expect(DNSMessage(decoding: message.encoded) == message)
    }

    @Test func everyTruncationIsRefusedOrShorter() {
        let packet = PeerDiscoveryTests.answer().encoded
        for count in 0..<packet.count {
            #expect(DNSMessage(decoding: Array(packet.prefix(count))) == nil, "\(count) bytes")
        }
        #expect(DNSMessage(decoding: packet) != nil)
    }

    @Test func compressionLoopsAndForwardPointersAreRefused() {
        let tail: [UInt8] = [0, 12, 0, 1]
        let itself = self.header(1, 0, 0, flags: 0) + [0xc0, 12] + tail
        #expect(DNSMessage(decoding: itself) == nil)
        let forward = self.header(1, 0, 0, flags: 0) + [0xc0, 14, 0] + tail
        #expect(DNSMessage(decoding: forward) == nil)
        // A label, then a pointer back to it: without the barrier it would repeat for ever.
        let cycle = self.header(1, 0, 0, flags: 0) + [1, 0x61, 0xc0, 12] + tail
        #expect(DNSMessage(decoding: cycle) == nil)
        let pair = self.header(2, 0, 0, flags: 0) + [0xc0, 18] + tail + [0xc0, 12] + tail
        #expect(DNSMessage(decoding: pair) == nil)
    }

    @Test func boundsOfNamesCountsAndSizes() {
        let tail: [UInt8] = [0, 12, 0, 1]
        let label = [63] + [UInt8](repeating: 0x61, count: 63)
        let longest = label + label + label + [61] + [UInt8](repeating: 0x61, count: 61) + [0]
        #expect(longest.count == 255)
        #expect(DNSMessage(decoding: self.header(1, 0, 0, flags: 0) + longest + tail) != nil)
        let tooLong = label + label + label + [62] + [UInt8](repeating: 0x61, count: 62) + [0]
        #expect(DNSMessage(decoding: self.header(1, 0, 0, flags: 0) + tooLong + tail) == nil)
        #expect(DNSMessage(decoding: self.header(1, 0, 0, flags: 0) + [0x40, 0] + tail) == nil)
        var many = self.header(0, 0, 0, flags: 0)
        many[4] = 1
        many[5] = 1
        for _ in 0..<257 { many += [0] + tail }
        #expect(DNSMessage(decoding: many) == nil)
        let padding = [UInt8](repeating: 0, count: DNSMessage.maxSize)
        #expect(DNSMessage(decoding: Array((self.header(0, 0, 0) + padding).prefix(9_000))) != nil)
        #expect(DNSMessage(decoding: Array((self.header(0, 0, 0) + padding).prefix(9_001))) == nil)
    }

    @Test func mutatedPacketsAreReadOrRefused() {
        let seed = ProcessInfoSeed.value
        let scale = ProcessInfoSeed.scale
        var prng = PRNG(seed: seed)
        let packet = PeerDiscoveryTests.answer().encoded
        var read = 0
        let count = 20_000 * scale
        for _ in 0..<count {
            var mutant = packet
            for _ in 0...prng.below(6) {
                let index = prng.below(mutant.count)
                switch prng.below(4) {
                case 0: mutant[index] = UInt8(truncatingIfNeeded: prng.next())
                case 1: mutant[index] = 0xc0
                case 2: mutant.remove(at: index)
                default: mutant.insert(UInt8(truncatingIfNeeded: prng.next()), at: index)
                }
            }
            // What was read is bounded, however the packet was twisted.
            if let message = DNSMessage(decoding: mutant) {
                read += 1
                #expect(message.answers.count + message.additional.count <= DNSMessage.maxCount)
            }
        }
        print("mDNS mutants: SEED=\(seed), \(count) packets, \(read) read")
        #expect(read > 0)
    }
}

/// The seed and the scale of randomised tests, from the environment.
enum ProcessInfoSeed {
    static let value: UInt64 = getenv("SEED").flatMap { UInt64(String(cString: $0)) } ?? Entropy.seed()
    static let scale: Int = getenv("SCALE").flatMap { Int(String(cString: $0)) } ?? 1
}

@Suite struct PeerDiscoveryTests {
    static let peer = PeerID(Ed25519.PrivateKey.generate().publicKey)
    private let source: [UInt8] = [192, 168, 1, 77]
    private let now = Instant(nanoseconds: 5_000_000_000)

    static func answer(
        _ addresses: [String] = ["/ip4/192.168.1.77/tcp/4001"], peer: PeerID = Self.peer
    ) -> DNSMessage {
        let instance = DNSMessage.Name(labels: [Array("name".utf8)] + PeerDiscovery.service.labels)
        return DNSMessage(
            isResponse: true,
            answers: [.init(name: PeerDiscovery.service, content: .pointer(instance), timeToLive: 120)],
            additional: [
                .init(
                    name: instance, content: .text(addresses.map { Array("dnsaddr=\($0)/p2p/\(peer)".utf8) }),
                    timeToLive: 120)
            ])
    }

    private func make() -> PeerDiscovery {
        var prng = PRNG(seed: 1)
        return PeerDiscovery(localPeer: PeerID(Ed25519.PrivateKey.generate().publicKey), prng: &prng)
    }

    @Test func aQueryIsAnswered() throws {
        var discovery = self.make()
        #expect(discovery.received(PeerDiscovery.query, from: self.source, now: self.now) == .answer)
        let address = Multiaddr(parsing: "/ip4/192.168.1.5/tcp/9")!
        let answer = discovery.answer([address], now: self.now)
        let packet = try #require(answer)
        let message = try #require(DNSMessage(decoding: packet))
        guard case .pointer(let instance) = message.answers[0].content,
            case .text(let strings) = message.additional[0].content
        else {
            Issue.record("no PTR and TXT")
            return
        }
        #expect(message.answers[0].name == PeerDiscovery.service)
        #expect(message.additional[0].name == instance)
        #expect((32..<64).contains(instance.labels[0].count))
        #expect(
            String(decoding: strings[0], as: UTF8.self).hasPrefix(
                "dnsaddr=/ip4/192.168.1.5/tcp/9/p2p/12D3Koo"))
        // Another node learns the peer from it.
        var other = self.make()
        guard case .discovered(let found) = other.received(packet, from: [192, 168, 1, 5], now: self.now)
        else {
            Issue.record("not discovered")
            return
        }
        #expect(found.map(\.addresses) == [[address]])
        // And the one that answered does not discover itself.
        #expect(discovery.received(packet, from: [192, 168, 1, 5], now: self.now) == .none)
    }

    @Test func theMetaQueryIsAnsweredAndOthersAreNot() {
        var discovery = self.make()
        func query(_ name: String, type: UInt16) -> [UInt8] {
            DNSMessage(isResponse: false, questions: [.init(name: .init(name), type: type)]).encoded
        }
        #expect(
            discovery.received(
                query("_services._dns-sd._udp.local", type: 12), from: self.source, now: self.now)
                == .answer)
        #expect(
            discovery.received(query("_p2p._udp.local", type: 255), from: self.source, now: self.now)
                == .answer)
        #expect(
            discovery.received(query("_p2p._udp.local", type: 16), from: self.source, now: self.now) == .none)
        #expect(
            discovery.received(query("_ipp._tcp.local", type: 12), from: self.source, now: self.now) == .none)
    }

    @Test func onlyAddressesAtThePacketsSourceAreBelieved() {
        var discovery = self.make()
        let packet = Self.answer([
            "/ip4/10.0.0.1/tcp/6379", "/ip4/192.168.1.77/tcp/4001", "/ip4/192.168.1.77/udp/4001/quic-v1",
            "/ip4/192.168.1.77/tcp/0", "/dns4/victim.example/tcp/80",
        ]).encoded
        let expected = PeerDiscovery.Found(
            peer: Self.peer, addresses: [Multiaddr(parsing: "/ip4/192.168.1.77/tcp/4001")!])
        #expect(discovery.received(packet, from: self.source, now: self.now) == .discovered([expected]))
        #expect(
            discovery.received(Self.answer(["/ip4/10.0.0.1/tcp/1"]).encoded, from: self.source, now: self.now)
                == .none)
    }

    @Test func aPeerIsToldOnceUntilItsAddressesChange() {
        var discovery = self.make()
        let packet = Self.answer().encoded
        #expect(discovery.received(packet, from: self.source, now: self.now) != .none)
        #expect(discovery.received(packet, from: self.source, now: self.now) == .none)
        let moved = Self.answer(["/ip4/192.168.1.77/tcp/4002"]).encoded
        #expect(discovery.received(moved, from: self.source, now: self.now) != .none)
    }

    @Test func packetsAreRateLimited() {
        var discovery = self.make()
        var answers = 0
        for _ in 0..<1_000 {
            if discovery.received(PeerDiscovery.query, from: self.source, now: self.now) == .answer {
                answers += 1
            }
        }
        #expect(answers == PeerDiscovery.maxPacketsPerSecond)
        let later = self.now + .seconds(1)
        #expect(discovery.received(PeerDiscovery.query, from: self.source, now: later) == .answer)
    }

    @Test func answersAreASecondApart() {
        var discovery = self.make()
        #expect(discovery.answerDelay(now: self.now) == .zero)
        _ = discovery.answer([Multiaddr(parsing: "/ip4/192.168.1.5/tcp/9")!], now: self.now)
        #expect(discovery.answerDelay(now: self.now + .milliseconds(300)) == .milliseconds(700))
        #expect(discovery.answerDelay(now: self.now + .seconds(2)) == .zero)
    }

    @Test func knownPeersAreBounded() {
        var discovery = self.make()
        var now = self.now
        let first = Self.answer(peer: PeerID(Ed25519.PrivateKey.generate().publicKey)).encoded
        #expect(discovery.received(first, from: self.source, now: now) != .none)
        for _ in 0..<PeerDiscovery.maxKnownPeers {
            now += .seconds(1)
            let packet = Self.answer(peer: PeerID(Ed25519.PrivateKey.generate().publicKey)).encoded
            #expect(discovery.received(packet, from: self.source, now: now) != .none)
        }
        // The oldest was forgotten, so it is news again.
        #expect(discovery.received(first, from: self.source, now: now + .seconds(1)) != .none)
    }

    @Test func questionsSlowDown() {
        var discovery = self.make()
        let delays = (0..<8).map { _ in discovery.nextQueryDelay() }
        #expect(delays.first == .seconds(1))
        #expect(delays.last == .seconds(60))
    }
}
