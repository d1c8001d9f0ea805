import DescordCrypto
import LibP2PCore
import SwiftProtobuf
import Testing

@testable import DescordCore

@Suite struct SyncHostileTests {
    static func frame(_ frame: PBSyncFrame.OneOf_Frame) -> [UInt8] {
        var message = PBSyncFrame()
        message.frame = frame
        return FrameDecoder.frame(message.octets)
    }

    /// What Alice's session makes of Bob's good opening and hello, followed by `bytes`.
    static func failure(after bytes: [UInt8], hello: Bool = true) -> SyncFailure? {
        let world = World()
        var pair = world.pair(purpose: .push)
        pair.start()
        var flight: [UInt8] = []
        if hello { pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max) }
        var events: [SyncSession.Event] = []
        pair.responder.session.received(flight + bytes, into: &events)
        pair.responder.handle(events)
        return pair.responder.failure
    }

    @Test func framesOutOfPlaceFail() throws {
        var ids = PBSyncIDs()
        ids.ids = .init(octets: [UInt8](repeating: 1, count: 32))
        #expect(Self.failure(after: []) == nil)
        for frame: PBSyncFrame.OneOf_Frame in [
            .hello(PBSyncHello()), .opening(PBSyncOpening()), .ids(ids), .want(ids), .done(PBSyncDone()),
            .refusal(PBSyncRefusal()),
        ] {
            #expect(Self.failure(after: Self.frame(frame)) == .unexpected)
        }
        #expect(Self.failure(after: Self.frame(.hello(PBSyncHello())), hello: false) == .unexpected)
        #expect(Self.failure(after: [0]) == .unexpected)
        #expect(Self.failure(after: [0x01, 0xff]) == .malformed)
        #expect(Self.failure(after: [0x81, 0x80, 0x04]) == .malformed, "a frame of 65,537 bytes")
        #expect(Self.failure(after: [0x80, 0x00]) == .malformed)
        ids.ids = .init(octets: [1, 2, 3])
        #expect(Self.failure(after: Self.frame(.ask(ids))) == .malformed)
        var opening = PBSyncOpening()
        opening.nonce = .init(octets: [1])
        #expect(Self.failure(after: Self.frame(.opening(opening)), hello: false) == .malformed)
        // Operations that were not announced.
        let post = World().common[0]
        #expect(
            Self.failure(after: Self.frame(.operations(.init(octets: FrameDecoder.frame(post.encoded)))))
                == .unexpected)
    }

    @Test func badAndForeignOperationsFail() {
        var world = World()
        let post = world.message("hi")
        var other = Author(seed: 900)
        let foreign = other.genesis()
        var bad = post.encoded
        bad[bad.count - 1] ^= 1
        // The last byte of the envelope, and so of the signature.
        var forged = post.encoded
        forged[forged.count - post.content!.count - 2 - 34 - 1] ^= 1
        for (bytes, failure) in [
            (bad, SyncFailure.badOperation(.wrongContent)), (foreign.encoded, .foreignOperation),
            (forged, .badOperation(.badSignature)),
        ] {
            var pair = world.pair(stays: true)
            pair.start()
            pair.run()
            var events: [SyncSession.Event] = []
            pair.responder.session.received(
                Self.frame(.operations(.init(octets: FrameDecoder.frame(bytes)))), into: &events)
            pair.responder.handle(events)
            #expect(
                pair.responder.failure == failure && failure.isMisbehaviour && pair.responder.stored.isEmpty)
        }
    }

    @Test func claimedEqualityIsChecked() {
        let world = World()
        var pair = world.pair()
        pair.start()
        var hello = PBSyncHello()
        hello.method = "equal"
        var events: [SyncSession.Event] = []
        pair.initiator.session.received(Self.frame(.hello(hello)), into: &events)
        pair.initiator.handle(events)
        #expect(pair.initiator.failure == .falseEquality)
    }

    @Test func listsAreBounded() {
        let world = World()
        var pair = world.pair()
        pair.start()
        var hello = PBSyncHello()
        hello.method = "ids"
        var events: [SyncSession.Event] = []
        pair.initiator.session.received(Self.frame(.hello(hello)), into: &events)
        var list = PBSyncIDs()
        list.ids = .init(octets: [UInt8](repeating: 1, count: 64_000))
        let frame = Self.frame(.ids(list))
        for _ in 0...(SyncLimits.maxIDCount / 2_000) { pair.initiator.session.received(frame, into: &events) }
        pair.initiator.handle(events)
        #expect(pair.initiator.failure == .tooManyIDs && !SyncFailure.tooManyIDs.isMisbehaviour)
    }

    /// A peer whose list has what it does not send, whether it says so later or is silent.
    @Test func whatIsListedAndNotSentLeavesTheSessionUnfinished() {
        let claimed = (1...3).map { OperationID(bytes: [UInt8](repeating: $0, count: 32))! }
        for admits in [true, false] {
            let world = World()
            var pair = world.pair()
            pair.start()
            var hello = PBSyncHello()
            hello.method = "ids"
            var list = PBSyncIDs()
            list.ids = .init(octets: claimed.flatMap(\.bytes))
            list.last = true
            let frames: [PBSyncFrame.OneOf_Frame] =
                [.hello(hello), .ids(list)] + (admits ? [.lacking(list), .lacking(list)] : [])
                + [.done(PBSyncDone())]
            for frame in frames {
                var events: [SyncSession.Event] = []
                pair.initiator.session.received(Self.frame(frame), into: &events)
                pair.initiator.handle(events)
            }
            #expect(pair.initiator.events == ["accepted", "stoppedShort"] && pair.initiator.failure == nil)
            let report = pair.initiator.session.report
            #expect(report.lacking == 3 && !report.isComplete && report.received == 0)
        }
    }

    @Test func receiptsOfWhatWasNotAskedCountNothing() {
        var world = World()
        let post = world.message("not Bob's")
        world.bobStorage.insert(post)
        var pair = world.pair(stays: true)
        pair.start()
        pair.run()
        var ids = PBSyncIDs()
        ids.ids = .init(octets: post.id.bytes + world.channel.bytes)
        var events: [SyncSession.Event] = []
        pair.initiator.session.received(Self.frame(.receipt(ids)), into: &events)
        pair.initiator.handle(events)
        #expect(pair.initiator.receipts.isEmpty && pair.initiator.failure == nil)
    }

    @Test func whatIsWantedTwiceIsSentOnce() {
        let world = World()
        world.aliceStorage.forgedFingerprint = [UInt8](repeating: 7, count: 16)
        world.bobStorage.forgedFingerprint = world.aliceStorage.forgedFingerprint
        world.bobStorage.operations[world.common[3].id] = nil
        var pair = world.pair()
        pair.start()
        var flight: [UInt8] = []
        pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
        var list = PBSyncIDs()
        list.ids = .init(octets: world.common[3].id.bytes + world.common[3].id.bytes)
        for frame in [flight] + (0..<5).map({ _ in Self.frame(.want(list)) }) {
            var events: [SyncSession.Event] = []
            pair.responder.session.received(frame, into: &events)
            pair.responder.handle(events)
        }
        let method = pair.responder.session.method
        #expect(method == .ancestors && pair.responder.failure == nil)
        var answer: [UInt8] = []
        pair.responder.session.takeOutbound(into: &answer, maxBytes: .max)
        #expect(pair.responder.session.report.sent == 1)
    }

    /// A peer that asks and never reads: what it asked for is remembered up to a bound.
    @Test func askedReceiptsAreBounded() {
        let world = World()
        var pair = world.pair(purpose: .push, stays: true)
        pair.start()
        var flight: [UInt8] = []
        pair.initiator.session.takeOutbound(into: &flight, maxBytes: .max)
        var prng = PRNG(seed: 4)
        for isHere in [true, false] {
            for _ in 0...(SyncLimits.maxAskedCount / 1_000) {
                var list = PBSyncIDs()
                list.ids = .init(
                    octets: (0..<1_000).flatMap { _ in
                        isHere ? world.channel.bytes : prng.octets(32)
                    })
                flight += Self.frame(.ask(list))
            }
        }
        var events: [SyncSession.Event] = []
        pair.responder.session.received(flight, into: &events)
        pair.responder.handle(events)
        let pending = pair.responder.session.pendingReceipts.count
        let asked = pair.responder.session.askedOfUs.count
        #expect(pair.responder.failure == nil)
        #expect(pending == SyncLimits.maxAskedCount && asked == SyncLimits.maxAskedCount)
    }

    @Test func openingsAndHellosKeepTheirBounds() {
        var opening = PBSyncOpening()
        opening.nonce = .init(octets: [UInt8](repeating: 1, count: 32))
        opening.blinded = opening.nonce
        opening.introduction = (0..<SyncLimits.maxIntroductionCount).map { _ in .init(octets: [1] as [UInt8])
        }
        #expect(Self.failure(after: Self.frame(.opening(opening)), hello: false) == nil)
        opening.introduction.append(opening.introduction[0])
        #expect(Self.failure(after: Self.frame(.opening(opening)), hello: false) == .malformed)
        #expect(SyncHello(PBSyncHello.with { $0.pushed = UInt32(SyncLimits.maxPushCount) }) != nil)
        #expect(SyncHello(PBSyncHello.with { $0.pushed = UInt32(SyncLimits.maxPushCount + 1) }) == nil)
        let names = [String](repeating: "ids", count: SyncLimits.maxMethodCount)
        #expect(SyncHello(PBSyncHello.with { $0.methods = names }) != nil)
        #expect(SyncHello(PBSyncHello.with { $0.methods = names + ["ids"] }) == nil)
    }

    @Test func secondFrameOfRecordsFails() {
        var records = PBSyncRecords()
        let junk: [UInt8] = [1, 2, 3]
        records.envelopes = [.init(octets: junk)]
        let frame = Self.frame(.records(records))
        #expect(Self.failure(after: frame) == nil)
        #expect(Self.failure(after: frame + frame) == .unexpected)
        records.envelopes = (0...SyncLimits.maxRecordCount).map { _ in .init(octets: junk) }
        #expect(Self.failure(after: Self.frame(.records(records))) == .malformed)
    }

    @Test func mutatedStreamsNeverTrap() {
        var prng = PRNG(seed: suiteSeed)
        var world = World()
        for index in 0..<6 {
            world.aliceStorage.insert(world.message("\(index)"))
            world.bobStorage.insert(world.bob.content(MessagePost(text: "b\(index)"), channel: world.channel))
        }
        let count = 400 * suiteScale
        var failures = 0
        for _ in 0..<count {
            let before = (world.aliceStorage.operations, world.bobStorage.operations)
            var pair = world.pair()
            pair.start()
            for _ in 0..<6 {
                failures += Self.exchange(&pair.initiator, &pair.responder, using: &prng) ? 1 : 0
                failures += Self.exchange(&pair.responder, &pair.initiator, using: &prng) ? 1 : 0
            }
            (world.aliceStorage.operations, world.bobStorage.operations) = before
        }
        print("sync mutations: \(count), failures \(failures), seed \(suiteSeed)")
        #expect(failures > count / 2)
    }

    static func exchange(_ from: inout End, _ to: inout End, using prng: inout PRNG) -> Bool {
        var flight: [UInt8] = []
        from.session.takeOutbound(into: &flight, maxBytes: 100_000)
        guard !flight.isEmpty else { return false }
        for _ in 0..<prng.below(3) {
            let index = prng.below(flight.count)
            switch prng.below(3) {
            case 0: flight[index] = UInt8(prng.below(256))
            case 1: flight.insert(UInt8(prng.below(256)), at: index)
            default: if flight.count > 1 { flight.remove(at: index) }
            }
        }
        let wasAlive = to.failure == nil
        var events: [SyncSession.Event] = []
        to.session.received(flight, into: &events)
        to.handle(events)
        return wasAlive && to.failure != nil
    }
}

@Suite struct FingerprintTests {
    @Test func fingerprintIsNegentropys() {
        // SHA-256(32 zero bytes ‖ 0), its first 16 bytes.
        #expect(SetFingerprint().value == Array(SHA256.hash([UInt8](repeating: 0, count: 33)).prefix(16)))
        var prng = PRNG(seed: 3)
        let ids = (0..<200).map { _ in OperationID(bytes: prng.octets(32))! }
        #expect(SetFingerprint(ids) == SetFingerprint(ids.reversed()))
        #expect(SetFingerprint(ids).value != SetFingerprint(ids.dropLast()).value)
        #expect(SetFingerprint(state: SetFingerprint(ids).state) == SetFingerprint(ids))
        // By hand: little-endian addition modulo 2²⁵⁶, count 200 as 0x81 0x48.
        var sum = [UInt8](repeating: 0, count: 32)
        for id in ids {
            var carry = 0
            for (index, byte) in id.bytes.enumerated() {
                carry += Int(sum[index]) + Int(byte)
                sum[index] = UInt8(carry & 255)
                carry >>= 8
            }
        }
        #expect(SetFingerprint(ids).value == Array(SHA256.hash(sum + [0x81, 0x48]).prefix(16)))
    }

    @Test func idsCompareAsTheirBytes() {
        var prng = PRNG(seed: 12)
        for _ in 0..<200 {
            var (a, b) = (prng.octets(32), prng.octets(32))
            let shared = prng.below(33)
            b.replaceSubrange(0..<shared, with: a[0..<shared])
            let (x, y) = (OperationID(bytes: a)!, OperationID(bytes: b)!)
            #expect((x < y) == a.lexicographicallyPrecedes(b) && x.bytes == a && (x == y) == (a == b))
            a.removeLast()
            #expect(OperationID(bytes: a) == nil && OperationID(hex: x.hex) == x)
        }
    }
}
