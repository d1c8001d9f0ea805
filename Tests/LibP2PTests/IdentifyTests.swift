import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

@Suite struct IdentifyTests {
    private let key = Pair.dialerKey

    private func decoded(_ bytes: [UInt8], chunk: Int = .max) throws -> IdentifyMessage {
        var decoder = IdentifyDecoder()
        for start in stride(from: 0, to: bytes.count, by: min(chunk, max(bytes.count, 1))) {
            try decoder.append(Array(bytes[start...].prefix(chunk)))
        }
        return try decoder.finish()
    }

    private func full(addresses: Int = 3, protocols: Int = 4) throws -> IdentifyMessage {
        let peer = PeerID(self.key.publicKey)
        let address = try #require(Multiaddr(parsing: "/ip4/10.0.0.1/tcp/4001"))
        return IdentifyMessage(
            publicKey: PublicKey(self.key.publicKey),
            listenAddresses: (0..<addresses).compactMap {
                Multiaddr(ip: [10, 0, UInt8($0 >> 8), UInt8($0 & 255)], tcpPort: 4_001)
            },
            protocols: (0..<protocols).map { "/protocol/number/\($0)" }, observedAddress: address,
            protocolVersion: "ipfs/0.1.0", agentVersion: "descord/1",
            signedPeerRecord: PeerRecord(peer: peer, sequence: 7, addresses: [address]).sealed(by: self.key))
    }

    @Test(arguments: [1, 2, 100, Int.max])
    func everythingSurvivesTheRoundTrip(_ chunk: Int) throws {
        let message = try self.full()
        let decoded = try self.decoded(message.encoded, chunk: chunk)
        #expect(decoded == message)
        #expect(decoded.record(of: PeerID(self.key.publicKey))?.sequence == 7)
    }

    @Test func fieldsHaveTheSpecifiedNumbers() {
        let message = IdentifyMessage(protocols: ["/x"], protocolVersion: "v", agentVersion: "a")
        #expect(message.encoded == [10, 0x2a, 1, 0x76, 0x32, 1, 0x61, 0x1a, 2, 0x2f, 0x78])
    }

    @Test func largeMessagesAreSplitIntoPartsThatEveryoneReads() throws {
        let message = try self.full(addresses: 100, protocols: 400)
        var frames = FrameDecoder(maxFrameSize: 1 << 20)
        frames.append(message.encoded)
        var parts: [Int] = []
        while let part = try frames.next() { parts.append(part.count) }
        #expect(parts.count > 1 && parts.allSatisfy { $0 <= 4_096 })
        #expect(try self.decoded(message.encoded) == message)
    }

    @Test func unknownAddressesAreDroppedAlone() throws {
        let good: [UInt8] = [4, 127, 0, 0, 1, 6, 0x0f, 0xa1]
        let bad: [UInt8] = [0xc5, 0x7f, 1]
        let body =
            [0x12, UInt8(bad.count)] + bad + [0x12, UInt8(good.count)] + good + [0x22, UInt8(bad.count)] + bad
        let message = try self.decoded(FrameDecoder.frame(body))
        #expect(message.listenAddresses.map(\.description) == ["/ip4/127.0.0.1/tcp/4001"])
        #expect(message.observedAddress == nil)
    }

    @Test func countsAndSizesAreBounded() throws {
        var parts: [UInt8] = []
        for part in 0..<10 {
            var body: [UInt8] = []
            for index in 0..<200 { body += [0x1a, 3, 0x2f, UInt8(0x30 + part), UInt8(0x30 + index % 10)] }
            for _ in 0..<100 { body += [0x12, 8, 4, 127, 0, 0, 1, 6, 0x0f, 0xa1] }
            parts += FrameDecoder.frame(body)
        }
        let message = try self.decoded(parts)
        #expect(message.protocols.count == IdentifyMessage.maxProtocolCount)
        #expect(message.listenAddresses.count == IdentifyMessage.maxAddressCount)
        let long = try self.decoded(
            IdentifyMessage(
                protocols: [String(repeating: "p", count: 257)],
                agentVersion: String(repeating: "a", count: 257)
            ).encoded)
        #expect(long.protocols.isEmpty && long.agentVersion == nil)
    }

    @Test func floodsOfPartsAndOversizedPartsAreRefused() {
        #expect(throws: IdentifyDecoder.Failure.tooManyParts) {
            try self.decoded((0..<11).flatMap { _ in FrameDecoder.frame([]) })
        }
        #expect(throws: IdentifyDecoder.Failure.partTooLarge) { try self.decoded(Varint.encode(8_193)) }
        #expect(throws: IdentifyDecoder.Failure.malformedFrame) { try self.decoded([0x80, 0x00]) }
        #expect(throws: IdentifyDecoder.Failure.malformedMessage) { try self.decoded([]) }
        #expect(throws: IdentifyDecoder.Failure.malformedMessage) { try self.decoded([1, 0xff]) }
    }

    @Test func aTruncatedMessageIsRefusedAtEveryOffset() throws {
        let bytes = try self.full().encoded
        for size in 0..<bytes.count {
            #expect(throws: IdentifyDecoder.Failure.self) { try self.decoded(Array(bytes.prefix(size))) }
        }
    }

    @Test func aRecordOfSomebodyElseIsNotTaken() throws {
        var message = try self.full()
        #expect(message.record(of: PeerID(Pair.listenerKey.publicKey)) == nil)
        // Signed by another than it names.
        message.signedPeerRecord = PeerRecord(
            peer: PeerID(Pair.listenerKey.publicKey), sequence: 1, addresses: []
        ).sealed(by: self.key)
        #expect(message.record(of: PeerID(self.key.publicKey)) == nil)
        #expect(message.record(of: PeerID(Pair.listenerKey.publicKey)) == nil)
    }

    @Test func aPushLeavesWhatItDoesNotName() throws {
        var message = try self.full()
        let before = message
        message.apply(IdentifyMessage(protocols: ["/new"]))
        #expect(message.protocols == ["/new"])
        message.protocols = before.protocols
        #expect(message == before)
    }

    @Test func mutatedMessagesNeverTrap() throws {
        var prng = PRNG(seed: TestRun.seed)
        let bytes = try self.full().encoded
        let count = 3_000 * TestRun.scale
        for _ in 0..<count {
            var mutated = bytes
            for _ in 0...prng.below(3) { mutated[prng.below(mutated.count)] = UInt8(prng.below(256)) }
            // Any outcome is right that is not a trap and keeps the bounds.
            if let message = try? self.decoded(mutated) {
                #expect(message.listenAddresses.count <= 16 && message.protocols.count <= 16)
            }
        }
        TestRun.report("mutated identify messages", count: count)
    }
}
