import LibP2PCore
import Testing

@testable import DescordCore

@Suite struct NegentropyHostileTests {
    private static func storage(_ count: Int) throws -> NegentropyStorage {
        var prng = PRNG(seed: 9)
        return try NegentropyStorage(
            (0..<count).map { NegentropyItem(timestamp: UInt64($0 / 2), id: prng.identifier())! })
    }

    private static let id = [UInt8](repeating: 7, count: 32)
    private static let fingerprint = [UInt8](repeating: 7, count: 16)
    /// 2⁶⁴ − 1.
    private static let largest: [UInt8] = NegentropyVarint.encode(.max)

    @Test func malformedMessagesAreRefusedForTheirReason() throws {
        let cases: [([UInt8], NegentropyFailure)] = [
            ([], .notNegentropy), ([0], .notNegentropy), ([0x5f], .notNegentropy), ([0x70], .notNegentropy),
            // The upper bound.
            ([0x61, 0x80], .badNumber), ([0x61, 0x81], .truncated), ([0x61, 1], .truncated),
            ([0x61, 0x82] + [UInt8](repeating: 0x80, count: 8) + [0], .badNumber),
            ([0x61] + [UInt8](repeating: 0xff, count: 12), .badNumber),
            ([0x61, 1, 33] + Self.id + [0, 0], .badBound), ([0x61, 1] + Self.largest, .badBound),
            ([0x61, 1, 2, 9], .truncated), ([0x61, 1, 0], .truncated),
            ([0x61, 5, 1, 9, 0, 1, 1, 8, 0], .badBound), ([0x61, 5, 1, 9, 0, 1, 0, 0], .badBound),
            ([0x61, 5, 0, 0] + Self.largest + [0, 0], .badBound),
            ([0x61, 0, 0, 0, 2, 0, 0], .badBound),
            // The mode and what follows it.
            ([0x61, 0, 0], .truncated), ([0x61, 0, 0, 3], .unknownMode(3)),
            ([0x61, 0, 0] + Self.largest, .unknownMode(.max)),
            ([0x61, 0, 0, 1] + Self.fingerprint.dropLast(), .truncated),
            ([0x61, 0, 0, 2], .truncated), ([0x61, 0, 0, 2, 1] + Self.id.dropLast(), .truncated),
            ([0x61, 0, 0, 2, 0x80, 0], .badNumber),
            ([0x61, 0, 0, 2] + Self.largest + Self.id, .truncated),
        ]
        let storage = try Self.storage(40)
        for (message, failure) in cases {
            #expect(throws: failure) { try Negentropy(storage).answer(to: message) }
            var initiator = NegentropyInitiator(storage)
            #expect(throws: failure) { try initiator.received(message) }
            #expect(initiator.have.isEmpty && initiator.need.isEmpty)
        }
    }

    @Test func unknownVersionIsAnsweredWithOurs() throws {
        let storage = try Self.storage(3)
        for version in [0x60, 0x62, 0x6f] as [UInt8] {
            #expect(try Negentropy(storage).answer(to: [version, 1, 2, 3]) == [0x61])
            var initiator = NegentropyInitiator(storage)
            #expect(throws: NegentropyFailure.unsupportedVersion(version & 15)) {
                try initiator.received([version])
            }
        }
    }

    @Test func messagesOfAllKindsAreTaken() throws {
        let storage = try Self.storage(40)
        // An empty one, one that skips everything, and bounds at infinity one after another.
        for message: [UInt8] in [[0x61], [0x61, 0, 0, 0], [0x61, 0, 0, 0, 0, 0, 0, 1, 0, 0]] {
            #expect(try Negentropy(storage).answer(to: message) == [0x61])
        }
        // The largest timestamps there are.
        let late = NegentropyItem(timestamp: .max - 1, id: OperationID(bytes: Self.id)!)!
        let sets = try [NegentropyStorage([late]), NegentropyStorage([])]
        var initiator = NegentropyInitiator(sets[0])
        #expect(try initiator.received(Negentropy(sets[1]).answer(to: initiator.opening())) == nil)
        #expect(initiator.have == [late.id])
        let whole = NegentropyBound(late)
        var writer = NegentropyWriter()
        writer.fingerprint(Self.fingerprint, to: whole)
        #expect(
            try Negentropy(sets[0]).answer(to: writer.bytes)
                == [0x61] + NegentropyVarint.encode(.max) + [32] + Self.id + [2, 0],
            "the range ends before the item")
    }

    /// Whatever is changed in good messages, they are answered within the frame or refused.
    @Test func mutatedMessagesNeverTrapAndAnswersKeepToTheFrame() throws {
        var prng = PRNG(seed: suiteSeed)
        var corpus: [[UInt8]] = [[0x61, 0, 0, 0]]
        for (common, apart) in [(0, 20), (20, 3), (500, 5), (3_000, 40)] {
            let sets = NegentropySets(
                common: common, client: apart, server: apart, isRecent: false, using: &prng)
            let outcome = try sets.reconcile(clientFrame: 4_096, serverFrame: 4_096)
            corpus += outcome.up + outcome.down
        }
        let storage = try Self.storage(700)
        let responder = Negentropy(storage, maxFrameSize: 4_096)
        let count = 3_000 * suiteScale
        var refused = 0
        for _ in 0..<count {
            var message = corpus[prng.below(corpus.count)]
            for _ in 0...prng.below(4) {
                let index = prng.below(message.count)
                switch prng.below(4) {
                case 0: message[index] = UInt8(prng.below(256))
                case 1: message.insert(UInt8(prng.below(256)), at: index)
                case 2: message.removeLast(prng.below(message.count))
                default: message[index] ^= 1 << UInt8(prng.below(8))
                }
            }
            do throws(NegentropyFailure) {
                let answer = try responder.answer(to: message)
                #expect(answer.count <= 4_096)
                var initiator = NegentropyInitiator(storage, maxFrameSize: 4_096)
                let next = try initiator.received(message)
                #expect(next?.count ?? 0 <= 4_096 && initiator.need.count <= message.count / 32)
                #expect(initiator.have.count <= 700)
            } catch {
                refused += 1
            }
        }
        print("negentropy mutations: \(count), refused \(refused), seed \(suiteSeed)")
        #expect(refused > count / 10 && refused < count)
    }

    /// What a responder says again and again is kept once.
    @Test func repeatedDifferencesAreKeptOnce() throws {
        var initiator = NegentropyInitiator(try Self.storage(100))
        let message = [0x61, 0, 0, 2, 2] + Self.id + Self.id
        for _ in 0..<50 { _ = try initiator.received(message) }
        #expect(initiator.have.count == 100 && initiator.need.count == 1)
    }
}
