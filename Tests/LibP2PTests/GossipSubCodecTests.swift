import DescordCrypto
import Foundation
import LibP2PCore
import SwiftProtobuf
import Testing

@testable import LibP2P

/// The seed and size of a randomised suite.
enum RandomRun {
    static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 20_250_101
    static let scale = ProcessInfo.processInfo.environment["SCALE"].flatMap { Int($0) } ?? 1
}

extension RPC {
    /// What the generated code makes of the same values.
    fileprivate var oracle: PBRPC {
        var rpc = PBRPC()
        rpc.subscriptions = self.subscriptions.map { item in
            .with {
                $0.subscribe = item.isSubscribed
                $0.topicid = Data(octets: item.topic.bytes)
            }
        }
        rpc.publish = self.messages.map(\.oracle)
        if self.isExtensionTest { rpc.testExtension = .init() }
        guard self.hasControl else { return rpc }
        func data(_ ids: [MessageID]) -> [Data] { ids.map { Data(octets: $0.bytes) } }
        rpc.control.ihave = self.ihave.map { item in
            .with {
                $0.topicID = Data(octets: item.topic.bytes)
                $0.messageIds = data(item.ids)
            }
        }
        if !self.iwant.isEmpty { rpc.control.iwant = [.with { $0.messageIds = data(self.iwant) }] }
        rpc.control.graft = self.graft.map { topic in .with { $0.topicID = Data(octets: topic.bytes) } }
        rpc.control.prune = self.prune.map { item in
            .with {
                $0.topicID = Data(octets: item.topic.bytes)
                $0.peers = item.peers.map { peer in
                    .with {
                        $0.peerID = Data(octets: peer.peerID)
                        if let record = peer.signedPeerRecord { $0.signedPeerRecord = Data(octets: record) }
                    }
                }
                if let backoff = item.backoffSeconds { $0.backoff = backoff }
            }
        }
        if let extensions {
            rpc.control.extensions = .with {
                if extensions.hasPartialMessages { $0.partialMessages = true }
                if extensions.hasTestExtension { $0.testExtension = true }
            }
        }
        if !self.idontwant.isEmpty {
            rpc.control.idontwant = [.with { $0.messageIds = data(self.idontwant) }]
        }
        return rpc
    }

    fileprivate init(oracle rpc: PBRPC) {
        func ids(_ data: [Data]) -> [MessageID] { data.map { MessageID($0.octets) } }
        self.init()
        self.subscriptions = rpc.subscriptions.map {
            .init(Topic(bytes: $0.topicid.octets), isSubscribed: $0.subscribe)
        }
        self.messages = rpc.publish.map { Message(oracle: $0) }
        self.ihave = rpc.control.ihave.map { .init(Topic(bytes: $0.topicID.octets), ids: ids($0.messageIds)) }
        self.iwant = rpc.control.iwant.flatMap { ids($0.messageIds) }
        self.graft = rpc.control.graft.map { Topic(bytes: $0.topicID.octets) }
        self.prune = rpc.control.prune.map {
            .init(
                Topic(bytes: $0.topicID.octets), backoffSeconds: $0.hasBackoff ? $0.backoff : nil,
                peers: $0.peers.map {
                    .init(
                        peerID: $0.peerID.octets,
                        signedPeerRecord: $0.hasSignedPeerRecord ? $0.signedPeerRecord.octets : nil)
                })
        }
        self.idontwant = rpc.control.idontwant.flatMap { ids($0.messageIds) }
        if rpc.control.hasExtensions {
            self.extensions = .init(
                hasPartialMessages: rpc.control.extensions.partialMessages,
                hasTestExtension: rpc.control.extensions.testExtension)
        }
        self.isExtensionTest = rpc.hasTestExtension
    }
}

extension LibP2P.Message {
    fileprivate var oracle: PBPubsubMessage {
        .with {
            if let from { $0.from = Data(octets: from) }
            if let data { $0.data = Data(octets: data) }
            if let seqno { $0.seqno = Data(octets: seqno) }
            if self.hasTopic { $0.topic = Data(octets: self.topic.bytes) }
            if let signature { $0.signature = Data(octets: signature) }
            if let key { $0.key = Data(octets: key) }
        }
    }

    fileprivate init(oracle: PBPubsubMessage) {
        self.init(
            from: oracle.hasFrom ? oracle.from.octets : nil, data: oracle.hasData ? oracle.data.octets : nil,
            seqno: oracle.hasSeqno ? oracle.seqno.octets : nil,
            topic: oracle.hasTopic ? Topic(bytes: oracle.topic.octets) : nil,
            signature: oracle.hasSignature ? oracle.signature.octets : nil,
            key: oracle.hasKey ? oracle.key.octets : nil, unknownFields: oracle.unknownFields.data.octets)
    }
}

private struct Generator {
    var prng: PRNG

    mutating func bytes(_ max: Int) -> [UInt8] {
        (0..<self.prng.below(max + 1)).map { _ in UInt8(truncatingIfNeeded: self.prng.next()) }
    }

    mutating func maybe(_ max: Int) -> [UInt8]? {
        self.prng.below(4) == 0 ? nil : self.bytes(max)
    }

    mutating func list<T>(_ max: Int, _ make: (inout Generator) -> T) -> [T] {
        guard self.prng.below(3) == 0 else { return [] }
        return (0..<self.prng.below(max) + 1).map { _ in make(&self) }
    }

    mutating func topic() -> Topic { Topic(bytes: self.bytes(12)) }

    mutating func rpc() -> RPC {
        var rpc = self.rpcWithoutExtensions()
        if self.prng.below(4) == 0 {
            rpc.extensions = .init(
                hasPartialMessages: self.prng.below(2) == 0, hasTestExtension: self.prng.below(2) == 0)
        }
        rpc.isExtensionTest = self.prng.below(6) == 0
        return rpc
    }

    private mutating func rpcWithoutExtensions() -> RPC {
        RPC(
            subscriptions: self.list(4) { .init($0.topic(), isSubscribed: $0.prng.below(2) == 0) },
            messages: self.list(3) {
                LibP2P.Message(
                    from: $0.maybe(40), data: $0.maybe(300), seqno: $0.maybe(9),
                    topic: $0.prng.below(5) == 0 ? nil : $0.topic(), signature: $0.maybe(64),
                    key: $0.maybe(36),
                    unknownFields: [])
            },
            ihave: self.list(3) { .init($0.topic(), ids: $0.list(5) { MessageID($0.bytes(20)) }) },
            iwant: self.list(5) { MessageID($0.bytes(20)) }, graft: self.list(3) { $0.topic() },
            prune: self.list(3) {
                .init(
                    $0.topic(),
                    backoffSeconds: $0.prng.below(2) == 0 ? nil : $0.prng.next() >> UInt64($0.prng.below(64)),
                    peers: $0.list(3) { .init(peerID: $0.bytes(40), signedPeerRecord: $0.maybe(90)) })
            },
            idontwant: self.list(5) { MessageID($0.bytes(20)) })
    }
}

@Suite struct GossipSubCodecTests {
    @Test func randomRPCsEncodeAndDecodeAsTheGeneratedCodeDoes() throws {
        var generator = Generator(prng: PRNG(seed: RandomRun.seed))
        let count = 400 * RandomRun.scale
        for _ in 0..<count {
            let rpc = generator.rpc()
            let bytes = rpc.encoded
            #expect(bytes == rpc.oracle.octets)
            #expect(bytes.count == rpc.encodedSize)
            #expect(try RPC(decoding: bytes) == rpc)
        }
        print("gossipsub codec: \(count) random RPCs, seed \(RandomRun.seed)")
    }

    @Test func mutatedRPCsNeverTrapAndWhatIsAcceptedIsWhatTheOracleReads() throws {
        var generator = Generator(prng: PRNG(seed: RandomRun.seed ^ 1))
        let count = 3_000 * RandomRun.scale
        var accepted = 0
        for _ in 0..<count {
            var bytes = generator.rpc().encoded
            for _ in 0..<generator.prng.below(4) + 1 where !bytes.isEmpty {
                let index = generator.prng.below(bytes.count)
                switch generator.prng.below(4) {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: generator.prng.next())
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(UInt8(truncatingIfNeeded: generator.prng.next()), at: index)
                default: bytes[index] ^= 1 << generator.prng.below(8)
                }
            }
            guard let rpc = try? RPC(decoding: bytes) else { continue }
            accepted += 1
            let oracle = try #require(PBRPC(octets: bytes), "accepted here, refused by the oracle: \(bytes)")
            let expected = RPC(oracle: oracle)
            // Unknown groups come back in another form from the oracle; everything else must agree.
            #expect(rpc.messages.map(\.oracle) == expected.messages.map(\.oracle))
            #expect(rpc.subscriptions == expected.subscriptions)
            #expect(rpc.ihave == expected.ihave)
            #expect(rpc.iwant == expected.iwant)
            #expect(rpc.graft == expected.graft)
            #expect(rpc.prune == expected.prune)
            #expect(rpc.idontwant == expected.idontwant)
        }
        #expect(accepted > count / 20)
        print("gossipsub codec: \(count) mutated RPCs, \(accepted) accepted, seed \(RandomRun.seed)")
    }

    @Test func truncationAtEveryOffsetIsRefusedOrShorter() throws {
        let rpc = RPC(
            subscriptions: [.init("topic", isSubscribed: true)], messages: [GossipSubFixture.message()],
            ihave: [.init("t", ids: [MessageID([1, 2, 3])])], iwant: [MessageID([4])], graft: ["t"],
            prune: [.init("t", backoffSeconds: .max)], idontwant: [MessageID([5])])
        let bytes = rpc.encoded
        var refused = 0
        for length in 0..<bytes.count {
            if let part = try? RPC(decoding: Array(bytes.prefix(length))) {
                #expect(part != rpc)
            } else {
                refused += 1
            }
        }
        // Only the borders between the three top-level fields are ends of a message.
        #expect(refused == bytes.count - 3)
        #expect(try RPC(decoding: bytes) == rpc)
    }

    @Test func truncatedAndEndlessVarintsAreRefused() {
        #expect(throws: RPCDecodingFailure.truncated) { try RPC(decoding: [0x80]) }
        #expect(throws: RPCDecodingFailure.malformedVarint) {
            try RPC(decoding: [UInt8](repeating: 0xff, count: 11))
        }
        #expect(throws: RPCDecodingFailure.truncated) { try RPC(decoding: [0x12, 0xff, 0xff, 0xff, 0x7f]) }
        #expect(throws: RPCDecodingFailure.malformedTag) { try RPC(decoding: [0x00, 0x00]) }
        #expect(throws: RPCDecodingFailure.wrongWireType) { try RPC(decoding: [0x10, 0x00]) }
        #expect(throws: RPCDecodingFailure.malformedTag) { try RPC(decoding: [0x3c]) }
    }

    @Test func nestedGroupsAreBounded() {
        let deep = [UInt8](repeating: 0x3b, count: 100) + [UInt8](repeating: 0x3c, count: 100)
        #expect(throws: RPCDecodingFailure.malformedTag) { try RPC(decoding: deep) }
        #expect(throws: Never.self) { try RPC(decoding: [0x3b, 0x3b, 0x3c, 0x3c]) }
    }

    @Test func frameOf349525SubscriptionsIsRefused() {
        let bytes = Array(
            (0..<349_525).map { _ in [0x0a, 0x00, 0x0a] as [UInt8] }.joined().prefix(1_048_575))
        #expect(throws: RPCDecodingFailure.self) { try RPC(decoding: bytes) }
        let many = RPC(
            subscriptions: (0..<RPC.subscriptionCountMax + 1).map {
                .init(Topic("\($0)"), isSubscribed: true)
            })
        #expect(throws: RPCDecodingFailure.tooManySubscriptions) { try RPC(decoding: many.encoded) }
    }

    @Test func controlOfOneMebibyteOfOneByteIDsIsCutToTheBound() throws {
        let ids = [MessageID](repeating: MessageID([7]), count: 349_000)
        for rpc in [RPC(ihave: [.init("t", ids: ids)]), RPC(iwant: ids), RPC(idontwant: ids)] {
            let decoded = try RPC(decoding: rpc.encoded)
            #expect(decoded.ihave.reduce(0) { $0 + $1.ids.count } <= RPC.idCountMax)
            #expect(decoded.iwant.count <= RPC.idCountMax)
            #expect(decoded.idontwant.count <= RPC.idCountMax)
            #expect(decoded.hasControl)
        }
    }

    /// Half a million empty control messages in one frame: each is cheap, and none but the first thousand is
    /// looked at.
    @Test func controlMessagesOfOneRPCAreBounded() throws {
        let wanted = RPC(iwant: [MessageID([7])]).encoded
        let empty = [UInt8]([0x1a, 0x00])
        let atBound = [[UInt8]](repeating: empty, count: RPC.controlCountMax - 1).flatMap { $0 } + wanted
        #expect(try RPC(decoding: atBound).iwant == [MessageID([7])])
        #expect(try RPC(decoding: empty + atBound).iwant.isEmpty)
        let frame = [[UInt8]](repeating: empty, count: RPC.maxSize / 2).flatMap { $0 }
        #expect(try !RPC(decoding: frame).hasControl)
    }

    @Test func oversizedFramesTopicsAndIDsAreBounded() throws {
        #expect(throws: RPCDecodingFailure.tooLarge) {
            try RPC(decoding: [UInt8](repeating: 0, count: RPC.maxSize + 1))
        }
        let long = Topic(bytes: [UInt8](repeating: 1, count: Topic.maxSize + 1))
        #expect(throws: RPCDecodingFailure.topicTooLong) { try RPC(decoding: RPC(graft: [long]).encoded) }
        let ids = [MessageID([UInt8](repeating: 1, count: MessageID.maxSize + 1)), MessageID([2])]
        #expect(try RPC(decoding: RPC(iwant: ids).encoded).iwant == [MessageID([2])])
    }

    @Test func tooManyMessagesAreRefused() {
        let empty = [UInt8]([0x12, 0x00])
        let bytes = Array([[UInt8]](repeating: empty, count: RPC.messageCountMax + 1).joined())
        #expect(throws: RPCDecodingFailure.tooManyMessages) { try RPC(decoding: bytes) }
    }

    @Test func ofTenThousandPeersInAPruneTheFirstAreRead() throws {
        var prune = PBControlPrune()
        prune.topicID = Data("t".utf8)
        prune.peers = (0..<10_000).map { number in .with { $0.peerID = Data("\(number)".utf8) } }
        prune.backoff = 5
        var rpc = PBRPC()
        rpc.control.prune = [prune]
        let decoded = try RPC(decoding: rpc.octets)
        let read = (0..<RPC.offeredPeerCountMax).map { number in
            RPC.OfferedPeer(peerID: Array("\(number)".utf8), signedPeerRecord: nil)
        }
        #expect(decoded.prune == [.init("t", backoffSeconds: 5, peers: read)])
        // Many PRUNEs don't make more of them.
        prune.peers.removeSubrange(100...)
        rpc.control.prune = Array(repeating: prune, count: 20)
        let many = try RPC(decoding: rpc.octets)
        #expect(many.prune.count == 20)
        #expect(many.prune.reduce(0) { $0 + $1.peers.count } == 256)
    }

    @Test func severalControlMessagesAreMergedAndTheLastTopicCounts() throws {
        let two = RPC(graft: ["a"]).encoded + RPC(iwant: [MessageID([1])], graft: ["b"]).encoded
        #expect(try RPC(decoding: two).graft == ["a", "b"])
        // An old peer's message in several topics.
        var message: [UInt8] = []
        for topic in ["one", "two"] { message += [0x22, 3] + Array(topic.utf8) }
        let rpc = [0x12, UInt8(message.count)] + message
        #expect(try RPC(decoding: rpc).messages.first?.topic == "two")
    }

    @Test func emptyAndAbsentFieldsAreKeptApart() throws {
        let empty = LibP2P.Message(
            from: [], data: [], seqno: [], topic: Topic(bytes: []), signature: [], key: [])
        let absent = LibP2P.Message(
            from: nil, data: nil, seqno: nil, topic: nil, signature: nil, key: nil, unknownFields: [])
        for message in [empty, absent] {
            #expect(try RPC(decoding: RPC(messages: [message]).encoded).messages == [message])
        }
        #expect(RPC(messages: [empty]).encodedSize == 14)
        #expect(RPC(messages: [absent]).encodedSize == 2)
    }

    @Test func fragmentsKeepEverythingInOrderAndWithinTheSize() throws {
        var generator = Generator(prng: PRNG(seed: RandomRun.seed ^ 2))
        let count = 100 * RandomRun.scale
        for _ in 0..<count {
            var rpc = RPC()
            for _ in 0..<20 {
                let more = generator.rpc()
                rpc.subscriptions += more.subscriptions
                rpc.messages += more.messages
                rpc.ihave += more.ihave.filter { !$0.ids.isEmpty }
                rpc.iwant += more.iwant
                rpc.graft += more.graft
                rpc.prune += more.prune
                rpc.idontwant += more.idontwant
            }
            let (parts, dropped) = rpc.fragments(maxSize: 700)
            #expect(dropped == 0)
            #expect(parts.allSatisfy { $0.encodedSize <= 700 && !$0.isEmpty })
            #expect(parts.flatMap(\.subscriptions) == rpc.subscriptions)
            #expect(parts.flatMap(\.messages) == rpc.messages)
            #expect(parts.flatMap { $0.ihave.flatMap(\.ids) } == rpc.ihave.flatMap(\.ids))
            #expect(parts.flatMap(\.iwant) == rpc.iwant)
            #expect(parts.flatMap(\.graft) == rpc.graft)
            #expect(parts.flatMap(\.prune) == rpc.prune)
            #expect(parts.flatMap(\.idontwant) == rpc.idontwant)
        }
    }

    @Test func oneOversizeItemIsDroppedAndTheRestIsKept() {
        let big = LibP2P.Message(from: nil, data: [UInt8](repeating: 0, count: 2_000), seqno: nil, topic: "t")
        let small = LibP2P.Message(from: nil, data: [1], seqno: nil, topic: "t")
        let (parts, dropped) = RPC(messages: [small, big, small], graft: ["t"]).fragments(maxSize: 1_000)
        #expect(dropped == 1)
        #expect(parts.flatMap(\.messages) == [small, small])
        #expect(parts.flatMap(\.graft) == ["t"])
    }

    @Test func rpcOfExactlyTheMaximumIsOneFragment() {
        let overhead = LibP2P.Message(
            from: nil, data: [UInt8](repeating: 0, count: 1 << 20 - 1), seqno: nil, topic: "t")
        let surplus = overhead.encodedSizeInRPC - RPC.maxSize
        let exact = LibP2P.Message(
            from: nil, data: [UInt8](repeating: 0, count: 1 << 20 - 1 - surplus), seqno: nil, topic: "t")
        #expect(exact.encodedSizeInRPC == RPC.maxSize)
        #expect(RPC(messages: [exact]).fragments(maxSize: RPC.maxSize).fragments.count == 1)
        #expect(throws: Never.self) { try RPC(decoding: RPC(messages: [exact]).encoded) }
    }
}
