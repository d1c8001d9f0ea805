import DescordCrypto
import LibP2PCore
import SwiftProtobuf
import Testing

@testable import DescordCore

@Suite struct OperationTests {
    static func sample() -> (Author, [Operation]) {
        var author = Author(seed: 1)
        let genesis = author.genesis()
        let channel = author.authority(ChannelCreate(name: "general"))
        let post = author.content(MessagePost(text: "hello"), channel: channel.id)
        return (author, [genesis, channel, post])
    }

    @Test func whatWasSignedVerifies() throws {
        let (author, operations) = Self.sample()
        for operation in operations {
            let read = try Operation(verifying: operation.encoded)
            #expect(read == operation)
            #expect(read.id == operation.id && read.author == author.publicKey)
            #expect(read.space == operations[0].id)
            let stored = try Operation(
                storedEnvelope: read.envelope, salt: read.salt, content: read.content)
            #expect(stored == operation && stored.header == operation.header)
        }
        #expect(operations[2].payload(MessagePost.self)?.text == "hello")
        #expect(operations[2].payload(MessageEdit.self) == nil)
    }

    @Test func everyFlippedBitIsRefused() {
        for operation in Self.sample().1 {
            let encoded = operation.encoded
            var accepted = 0
            for bit in 0..<encoded.count * 8 {
                var flipped = encoded
                flipped[bit >> 3] ^= 1 << UInt8(bit & 7)
                if (try? Operation(verifying: flipped)) != nil { accepted += 1 }
            }
            #expect(accepted == 0)
        }
    }

    @Test func idCoversAuthorAndHeaderAlone() throws {
        let (_, operations) = Self.sample()
        let post = operations[2]
        var preimage: [UInt8] = [13] + Array("descord-op-v1".utf8) + [32] + post.author.bytes
        preimage += Varint.encode(UInt64(post.headerBytes.count)) + post.headerBytes
        #expect(post.id.bytes == SHA256.hash(preimage))
        #expect(post.headerOnly.id == post.id)
    }

    @Test func headerAloneVerifiesAndSaysSo() throws {
        let post = Self.sample().1[2]
        let read = try Operation(verifying: post.headerOnly.encoded)
        #expect(read.isHeaderOnly && read.id == post.id && read.payload(MessagePost.self) == nil)
        #expect(!post.isHeaderOnly)
    }

    @Test func contentThatIsNotTheSignedOneIsRefused() {
        let post = Self.sample().1[2]
        func encoded(salt: [UInt8]?, content: [UInt8]?) -> [UInt8] {
            var message = PBSignedOperation()
            message.envelope = .init(octets: post.envelope)
            if let salt { message.salt = .init(octets: salt) }
            if let content { message.content = .init(octets: content) }
            return message.octets
        }
        for (salt, content) in [
            (post.salt, nil), (nil, post.content), (post.salt, [1]), ([1], post.content),
            (post.salt! + [0], post.content),
        ] {
            #expect(throws: OperationFailure.wrongContent) {
                try Operation(verifying: encoded(salt: salt, content: content))
            }
        }
    }

    @Test func paddedOrReorderedEncodingsAreRefused() throws {
        let post = Self.sample().1[2]
        #expect(throws: OperationFailure.notCanonical) {
            try Operation(verifying: post.encoded + [0x20, 0x01])
        }
        var message = PBSignedOperation()
        message.envelope = .init(octets: post.envelope + [0x30, 0x01])
        #expect(throws: OperationFailure.notCanonical) { try Operation(verifying: message.octets) }
        let envelope = try SignedEnvelope(decoding: post.envelope)
        // The same fields with the payload in front: valid protobuf, not the canonical form.
        var parts: [[UInt8]] = []
        for (field, value) in [
            (UInt8(3), envelope.payload), (1, PublicKey(envelope.publicKey).encoded),
            (2, envelope.payloadType),
            (5, envelope.signature),
        ] {
            parts.append([field << 3 | 2] + Varint.encode(UInt64(value.count)) + value)
        }
        message.envelope = .init(octets: parts.flatMap { $0 })
        #expect(throws: OperationFailure.notCanonical) { try Operation(verifying: message.octets) }
    }

    static func signed(
        _ payload: [UInt8], type: [UInt8] = Operation.payloadType, domain: String = Operation.domain,
        by key: Ed25519.PrivateKey
    ) -> [UInt8] {
        var message = PBSignedOperation()
        message.envelope = .init(
            octets: SignedEnvelope(signing: payload, type: type, domain: domain, by: key).encoded)
        return message.octets
    }

    @Test func unknownHeaderFieldsAreKeptAndSigned() throws {
        let (author, operations) = Self.sample()
        let payload = operations[1].headerBytes + [0xa2, 0x06, 0x03, 1, 2, 3]  // field 100
        let read = try Operation(verifying: Self.signed(payload, by: author.key))
        #expect(read.headerBytes == payload && read.id != operations[1].id)
        #expect(try Operation(verifying: read.encoded) == read)
    }

    @Test func headersThatAreNotCanonicalAreRefused() {
        let (author, operations) = Self.sample()
        let header = operations[1].headerBytes
        let extra = [UInt8](arrayLiteral: 0x08, 0x01)  // the version a second time
        for payload in [
            header + extra, [0x08, 0x81, 0x00] + header.dropFirst(2), [0xa2, 0x06, 0x00] + header,
        ] {
            #expect(throws: OperationFailure.notCanonical) {
                try Operation(verifying: Self.signed(payload, by: author.key))
            }
        }
    }

    @Test func unknownHeaderFieldsHaveOneForm() {
        let (author, operations) = Self.sample()
        let header = operations[1].headerBytes
        let trailers: [[UInt8]] = [
            [0x70, 0x00],  // target as a number: a known number with another wire type
            [0x6a, 0x00],  // content_size as bytes: a known number with another wire type
            [0xa0, 0x06, 0x81, 0x00],  // a value that is not minimal
            [0xa2, 0x86, 0x00, 0x00],  // a tag that is not minimal
            [0xa2, 0x06, 0x81, 0x00, 0x07],  // a size that is not minimal
            [0xa3, 0x06, 0xa4, 0x06],  // a group
        ]
        for trailer in trailers {
            #expect(throws: OperationFailure.notCanonical) {
                try Operation(verifying: Self.signed(header + trailer, by: author.key))
            }
        }
        let largest = [UInt8](repeating: 0xff, count: 9) + [0x01]
        let fine = [0xa0, 0x06] + largest + [0xa5, 0x06, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8]
        #expect(throws: Never.self) { try Operation(verifying: Self.signed(header + fine, by: author.key)) }
    }

    @Test func aTargetStandsWhereTheKindHasOne() throws {
        let (author, operations) = Self.sample()
        let post = operations[2]
        func sign(_ payload: some OperationPayload, target: OperationID?) throws(OperationFailure) {
            let kind = type(of: payload).kind
            let isContent = kind.operationClass == .content
            let header = OperationHeader(
                space: post.space, sequence: 3, previous: post.id, dependencies: [],
                clock: HybridLogicalClock(rawValue: post.header.clock.rawValue + 1), kind: kind,
                channel: kind.namesChannel == true ? operations[1].id : nil, target: target,
                body: isContent ? nil : payload.encoded)
            let salt = [UInt8](repeating: 1, count: 32)
            let made = try Operation(
                signing: header, content: isContent ? payload.encoded : nil, salt: isContent ? salt : nil,
                by: author.key)
            let read = try Operation(verifying: made.encoded)
            #expect(read.header.target == target)
        }
        let acts: [any OperationPayload] = [
            MessageEdit(text: "t"), MessageDelete(), ReactionAdd(emoji: "x"), ReactionRemove(additions: []),
            Pin(), Unpin(pins: []),
        ]
        for act in acts {
            #expect(throws: Never.self) { try sign(act, target: post.id) }
            #expect(throws: OperationFailure.wrongShape) { try sign(act, target: nil) }
        }
        for inThread in [MessagePost(text: "t"), ThreadCreate(title: "t")] as [any OperationPayload] {
            #expect(throws: Never.self) { try sign(inThread, target: post.id) }
            #expect(throws: Never.self) { try sign(inThread, target: nil) }
        }
        #expect(throws: OperationFailure.wrongShape) { try sign(Profile(name: "p"), target: post.id) }
        #expect(throws: OperationFailure.wrongShape) { try sign(MemberLeave(), target: post.id) }
    }

    @Test func otherDomainsTypesAndVersionsAreRefused() {
        let (author, operations) = Self.sample()
        let header = operations[1].headerBytes
        #expect(throws: OperationFailure.badSignature) {
            try Operation(verifying: Self.signed(header, domain: "libp2p-peer-record", by: author.key))
        }
        #expect(throws: OperationFailure.malformed) {
            try Operation(verifying: Self.signed(header, type: [3, 1], by: author.key))
        }
        #expect(throws: OperationFailure.unsupportedVersion) {
            try Operation(verifying: Self.signed([0x08, 0x02] + header.dropFirst(2), by: author.key))
        }
        #expect(!OperationFailure.unsupportedVersion.isMisbehaviour)
    }

    @Test func smallAndMixedOrderAuthorsAreRefused() throws {
        let post = Self.sample().1[1]
        let envelope = try SignedEnvelope(decoding: post.envelope)
        let identity = [UInt8](arrayLiteral: 1) + [UInt8](repeating: 0, count: 31)
        let order8 = Multibase.decodeHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")!
        for key in [identity, order8, [UInt8](repeating: 0xff, count: 32)] {
            var bytes: [UInt8] = []
            for (field, value) in [
                (UInt8(1), PublicKey(Ed25519.PublicKey(key)!).encoded), (2, envelope.payloadType),
                (3, envelope.payload), (5, identity + [UInt8](repeating: 0, count: 32)),
            ] {
                bytes += [field << 3 | 2] + Varint.encode(UInt64(value.count)) + value
            }
            var message = PBSignedOperation()
            message.envelope = .init(octets: bytes)
            #expect(throws: OperationFailure.badKey) { try Operation(verifying: message.octets) }
        }
    }

    @Test func shapeAndClassFollowTheKind() throws {
        let (author, operations) = Self.sample()
        let good = operations[1].header
        func failure(
            _ kind: OperationKind = .channelCreate, _ change: (inout OperationHeader) -> Void
        )
            -> OperationFailure?
        {
            var header = good
            header.kind = kind
            change(&header)
            do {
                _ = try Operation(verifying: Self.signed(header.encoded, by: author.key))
                return nil
            } catch {
                return error
            }
        }
        #expect(failure { _ in } == nil)
        #expect(failure { $0.body = nil } == .wrongClass)
        #expect(failure(.messagePost) { $0.channel = $0.space } == .wrongClass)
        #expect(
            failure {
                $0.contentHash = [UInt8](repeating: 0, count: 32); $0.contentSize = 1
            } == .wrongClass)
        // Kinds from the future keep their class.
        #expect(failure(OperationKind(rawValue: 999)!) { _ in } == nil)
        #expect(failure(OperationKind(rawValue: 1_999)!) { _ in } == nil)
        #expect(failure(OperationKind(rawValue: 2_999)!) { _ in } == .wrongClass)
        #expect(failure { $0.space = nil } == .wrongShape)
        #expect(failure { $0.nonce = [UInt8](repeating: 1, count: 32) } == .wrongShape)
        #expect(failure { $0.previous = nil } == .wrongShape)
        #expect(failure { $0.sequence = 0 } == .wrongShape)
        #expect(failure { $0.dependencies = [$0.previous!] } == .wrongShape)
        #expect(failure { $0.channel = $0.space } == .wrongShape)
        #expect(failure { $0.epoch = $0.space } == .wrongShape)
        #expect(failure { $0.body = [0x0a, 0x05] } == .malformedBody)
        #expect(
            failure(.spaceCreate) { $0.body = SpaceCreate(name: "x", isPublic: true).encoded } == .wrongShape)
        #expect(failure(.channelArchive) { $0.body = ChannelArchive(archived: true).encoded } == .wrongShape)
        var prng = PRNG(seed: 9)
        let links = (0..<9).map { _ in OperationID(bytes: prng.octets(32))! }
        #expect(failure { $0.dependencies = Array(links.prefix(8)) } == nil)
        #expect(failure { $0.dependencies = links } == .malformed)
        #expect(failure(OperationKind(rawValue: 999)!) { $0.body = prng.octets(65_536) } == .tooLarge)
        #expect(
            failure {
                $0.kind = .spaceCreate; $0.space = nil; $0.previous = nil; $0.sequence = 0
            } == .wrongShape)
    }

    @Test func largestOperationFillsOneGossipRPC() throws {
        var (author, operations) = Self.sample()
        let probe = author.content(
            MessagePost(text: String(repeating: "a", count: 1_000_000)), channel: operations[1].id)
        let length = 1_000_000 + Operation.maxEncodedSize - probe.encoded.count
        let header = author.header(.messagePost, channel: operations[1].id)
        func post(_ length: Int) throws -> Operation {
            try Operation(
                signing: header, content: MessagePost(text: String(repeating: "a", count: length)).encoded,
                salt: [UInt8](repeating: 7, count: 32), by: author.key)
        }
        let largest = try post(length)
        #expect(largest.encoded.count == Operation.maxEncodedSize)
        #expect(try Operation(verifying: largest.encoded) == largest)
        #expect(throws: OperationFailure.tooLarge) { try post(length + 1) }
    }

    @Test func mutatedBytesNeverTrap() {
        var prng = PRNG(seed: suiteSeed)
        let corpus = Self.sample().1.map(\.encoded)
        // Cutting an operation before its salt leaves the header-only form, which is valid.
        let valid = Set(corpus + Self.sample().1.map(\.headerOnly.encoded))
        let count = 3_000 * suiteScale
        var accepted = 0
        for _ in 0..<count {
            var bytes = corpus[prng.below(corpus.count)]
            for _ in 0...prng.below(4) where bytes.count > 1 {
                switch prng.below(4) {
                case 0: bytes[prng.below(bytes.count)] = UInt8(prng.below(256))
                case 1: bytes.remove(at: prng.below(bytes.count))
                case 2: bytes.insert(UInt8(prng.below(256)), at: prng.below(bytes.count))
                default: bytes = Array(bytes.prefix(prng.below(bytes.count) + 1))
                }
            }
            if !valid.contains(bytes), (try? Operation(verifying: bytes)) != nil { accepted += 1 }
        }
        print("operation mutations: \(count), seed \(suiteSeed)")
        #expect(accepted == 0)
    }
}

@Suite struct PayloadTests {
    @Test func everyPayloadReadsBack() {
        var prng = PRNG(seed: 4)
        let id = OperationID(bytes: prng.octets(32))!
        let key = prng.key().publicKey
        func check<P: OperationPayload>(_ payload: P) {
            #expect(P(decoding: payload.encoded) == payload)
            #expect(
                P(decoding: payload.encoded + [0xa0, 0x06, 0x01]) == payload, "unknown fields are ignored")
        }
        check(SpaceCreate(name: "ä", isPublic: true))
        check(SpaceRename(name: "b"))
        check(SpaceVisibility(isPublic: false))
        check(ChannelCreate(name: "c", purpose: "p"))
        check(ChannelUpdate(name: nil, purpose: "p"))
        check(ChannelArchive(archived: true))
        check(MemberJoin())
        check(MemberJoin(invite: id, signature: prng.octets(64)))
        check(MemberAdmit(join: id, member: key))
        check(MemberLeave())
        check(MemberRemove(member: key, lastGood: id, reason: "r"))
        check(RoleDefine(role: nil, name: "n", rank: 1_000, permissions: 511))
        check(RoleGrant(role: id, member: key))
        check(RoleTake(role: id, member: key, lastGood: id))
        check(Ban(member: key))
        check(Unban(member: key))
        check(Mute(member: key, lastGood: nil, until: 5))
        check(InviteCreate(publicKey: key, rank: 0, uses: 5, expires: 7))
        check(InviteRevoke(invite: id))
        check(BudgetChange(burst: 1, perMinute: nil, totalBytes: 3, controlBytes: nil))
        check(MessagePost(text: "t", replyTo: id, mentions: [key]))
        check(MessageEdit(text: "u", mentions: [key]))
        check(MessageDelete())
        check(ReactionAdd(emoji: "👍"))
        check(ReactionRemove(additions: [id]))
        check(Pin())
        check(Unpin(pins: [id]))
        check(ThreadCreate(title: "t"))
        check(Profile(name: "p", about: "a"))
    }

    @Test func payloadsKeepTheirBounds() {
        var prng = PRNG(seed: 5)
        let id = OperationID(bytes: prng.octets(32))!
        let key = prng.key().publicKey
        #expect(
            SpaceCreate(
                decoding: SpaceCreate(name: String(repeating: "a", count: 257), isPublic: true).encoded)
                == nil)
        #expect(SpaceCreate(decoding: []) == nil)
        #expect(RoleDefine(decoding: RoleDefine(name: "r", rank: 1_001, permissions: 0).encoded) == nil)
        #expect(InviteCreate(decoding: InviteCreate(publicKey: key, rank: 0, uses: 0).encoded) == nil)
        #expect(InviteCreate(decoding: InviteCreate(publicKey: key, rank: 1_001, uses: 1).encoded) == nil)
        #expect(MemberJoin(decoding: MemberJoin(invite: id, signature: nil).encoded) == nil)
        #expect(MemberJoin(decoding: MemberJoin(invite: nil, signature: prng.octets(64)).encoded) == nil)
        #expect(MemberJoin(decoding: MemberJoin(invite: id, signature: [1]).encoded) == nil)
        #expect(
            ReactionAdd(decoding: ReactionAdd(emoji: String(repeating: "a", count: 65)).encoded) == nil)
        #expect(
            ReactionRemove(
                decoding: ReactionRemove(additions: Array(repeating: id, count: 65)).encoded)
                == nil)
        #expect(MessageDelete(decoding: [0x0a, 0x05, 0x00]) == nil)
        let mentions = Array(repeating: key, count: 65)
        #expect(MessagePost(decoding: MessagePost(text: "t", mentions: mentions).encoded) == nil)
        #expect(MessageEdit(decoding: MessageEdit(text: "t", mentions: mentions).encoded) == nil)
        #expect(
            Profile(decoding: Profile(name: "p", about: String(repeating: "a", count: 1_025)).encoded) == nil)
    }

    @Test func kindsHaveTheirNumbersAndClasses() {
        let numbers: [(OperationKind, UInt32, OperationClass)] = [
            (.spaceCreate, 1, .authority), (.channelCreate, 10, .authority), (.memberJoin, 20, .authority),
            (.memberAdmit, 21, .authority), (.roleDefine, 30, .authority), (.ban, 40, .authority),
            (.inviteCreate, 50, .authority), (.inviteRevoke, 51, .authority), (.budgetChange, 60, .authority),
            (.mlsKeyPackage, 1_000, .mls), (.mlsCommit, 1_001, .mls), (.messagePost, 2_000, .content),
            (.reactionAdd, 2_010, .content), (.threadCreate, 2_030, .content), (.profile, 2_040, .content),
        ]
        for (kind, number, operationClass) in numbers {
            #expect(kind.rawValue == number && kind.operationClass == operationClass && kind.isKnown)
        }
        #expect(OperationKind(rawValue: 0) == nil)
        #expect(OperationKind(rawValue: 999)?.operationClass == .authority)
        #expect(OperationKind(rawValue: 4_000_000_000)?.operationClass == .content)
    }
}

@Suite struct ClockTests {
    static let now = WallTime(milliseconds: 1_700_000_000_000)

    @Test func clockFollowsWallTimeAndNeverRunsBehindParents() {
        let wall = HybridLogicalClock(Self.now)
        #expect(HybridLogicalClock.next(after: [], now: Self.now) == wall)
        #expect(
            HybridLogicalClock.next(after: [HybridLogicalClock(rawValue: wall.rawValue - 1)], now: Self.now)
                == wall)
        #expect(HybridLogicalClock.next(after: [wall], now: Self.now)?.rawValue == wall.rawValue + 1)
        let full = HybridLogicalClock(milliseconds: wall.milliseconds, counter: .max)
        let after = HybridLogicalClock.next(after: [full], now: Self.now)
        #expect(after?.milliseconds == wall.milliseconds + 1 && after?.counter == 0)
        #expect(HybridLogicalClock.next(after: [HybridLogicalClock(rawValue: .max)], now: Self.now) == nil)
    }

    @Test func clockIsMonotonicWhateverTheWallDoes() {
        var prng = PRNG(seed: suiteSeed)
        var clock = HybridLogicalClock(Self.now)
        for _ in 0..<1_000 {
            let now = WallTime(milliseconds: Self.now.milliseconds + Int64(prng.below(200_000)) - 100_000)
            let next = HybridLogicalClock.next(after: [clock], now: now)!
            #expect(next > clock && next.isAbove([clock]) && !clock.isAbove([next]))
            clock = next
        }
    }

    @Test func farClocksAreHeldThenIgnoredAndNeverLinked() {
        func ahead(_ seconds: Int64, _ milliseconds: Int64 = 0) -> HybridLogicalClock {
            HybridLogicalClock(WallTime(milliseconds: Self.now.milliseconds + seconds * 1_000 + milliseconds))
        }
        #expect(ahead(60).isLinkable(at: Self.now) && !ahead(60, 1).isLinkable(at: Self.now))
        #expect(
            ahead(600).verdict(at: Self.now) == .acceptable && ahead(600, 1).verdict(at: Self.now) == .held)
        #expect(
            ahead(86_400).verdict(at: Self.now) == .held && ahead(86_400, 1).verdict(at: Self.now) == .ignored
        )
        #expect(ahead(700).verdict(at: ahead(700).releaseTime) == .acceptable)
        #expect(HybridLogicalClock(rawValue: .max).verdict(at: Self.now) == .ignored)
        #expect(HybridLogicalClock(WallTime(milliseconds: -5)).rawValue == 0)
    }
}
