import Foundation
import LibP2PCore
import Testing

@testable import DescordCore

@Suite struct NegentropyTests {
    private static func id(_ first: UInt8, _ second: UInt8 = 0) -> OperationID {
        OperationID(bytes: [first, second] + [UInt8](repeating: 0, count: 30))!
    }

    private static func item(_ timestamp: UInt64, _ first: UInt8, _ second: UInt8 = 0) -> NegentropyItem {
        NegentropyItem(timestamp: timestamp, id: Self.id(first, second))!
    }

    // MARK: Encoding

    @Test func varintsHaveTheMostSignificantGroupFirst() throws {
        let cases: [(UInt64, [UInt8])] = [
            (0, [0]), (127, [0x7f]), (128, [0x81, 0]), (300, [0x82, 0x2c]), (16_384, [0x81, 0x80, 0]),
            (.max, [0x81] + [UInt8](repeating: 0xff, count: 8) + [0x7f]),
        ]
        for (value, bytes) in cases {
            #expect(NegentropyVarint.encode(value) == bytes)
            var reader = NegentropyReader(bytes)
            #expect(try reader.number() == value)
        }
    }

    @Test func boundsAreShortestAndRelativeToTheOneBefore() throws {
        let near = NegentropyBound(between: Self.item(5, 1), and: Self.item(9, 2))
        #expect(near == NegentropyBound(timestamp: 9))
        let same = NegentropyBound(between: Self.item(9, 1, 7), and: Self.item(9, 1, 8))
        #expect(same == NegentropyBound(timestamp: 9, prefix: [1, 8]) && same.prefixSize == 2)
        let differentFirst = NegentropyBound(between: Self.item(9, 1, 9), and: Self.item(9, 2, 3))
        #expect(differentFirst == NegentropyBound(timestamp: 9, prefix: [2]))
        var writer = NegentropyWriter()
        for bound in [near, same, NegentropyBound(timestamp: 1_000), .infinity] { writer.skip(to: bound) }
        #expect(writer.bytes == [0x61, 10, 0, 0, 1, 2, 1, 8, 0, 0x87, 0x60, 0, 0, 0, 0, 0])
        var reader = NegentropyReader(Array(writer.bytes.dropFirst()))
        for bound in [near, same, NegentropyBound(timestamp: 1_000), .infinity] {
            #expect(try reader.bound() == bound && reader.mode() == .skip)
        }
        #expect(reader.isAtEnd)
    }

    /// By hand: three items at each end, one of which the other lacks.
    @Test func shortSetsAreListedAndComparedInOneRoundTrip() throws {
        let sets = [[Self.item(1, 1), Self.item(2, 2)], [Self.item(1, 1), Self.item(2, 3)]]
        var initiator = NegentropyInitiator(try NegentropyStorage(sets[0].reversed()))
        let responder = Negentropy(try NegentropyStorage(sets[1]))
        let opening = [0x61, 0, 0, 2, 2] + Self.id(1).bytes + Self.id(2).bytes
        #expect(initiator.opening() == opening)
        let answer = try responder.answer(to: opening)
        #expect(answer == [0x61, 0, 0, 2, 2] + Self.id(1).bytes + Self.id(3).bytes)
        #expect(try initiator.received(answer) == nil)
        #expect(initiator.have == [Self.id(2)] && initiator.need == [Self.id(3)])
    }

    @Test func thirtyTwoItemsAreCutIntoSixteenRanges() throws {
        let items = (0..<33).map { Self.item(100 + UInt64($0), UInt8($0)) }
        let few = Negentropy(try NegentropyStorage(Array(items.prefix(31)))).opening()
        #expect(few.count == 1 + 2 + 1 + 1 + 31 * 32 && Array(few.prefix(5)) == [0x61, 0, 0, 2, 31])
        // The first of 33 is one longer than the others.
        for (count, first) in [(32, 102), (33, 103)] as [(Int, UInt64)] {
            let message = Negentropy(try NegentropyStorage(Array(items.prefix(count)))).opening()
            var reader = NegentropyReader(Array(message.dropFirst()))
            var bounds: [NegentropyBound] = []
            while !reader.isAtEnd {
                bounds.append(try reader.bound())
                #expect(try reader.mode() == .fingerprint)
                _ = try reader.bytes(16)
            }
            #expect(bounds.count == 16 && bounds.first?.timestamp == first && bounds.last == .infinity)
        }
    }

    @Test func neighbouringSkipsBecomeOneAndTheLastIsLeftOut() throws {
        // Sixteen ranges of which the fourth differs: one skip up to it, and nothing behind it.
        var prng = PRNG(seed: 1)
        let items = (0..<64).map { NegentropyItem(timestamp: UInt64($0), id: prng.identifier())! }
        let responder = Negentropy(try NegentropyStorage(Array(items[..<13] + items[14...])))
        let answer = try responder.answer(to: Negentropy(try NegentropyStorage(items)).opening())
        #expect(
            answer == [0x61, 13, 0, 0] + [5, 0, 2, 3] + [12, 14, 15].flatMap { items[$0].id.bytes },
            "a skip to 12, then the ids to 16")
    }

    @Test func itemsAreSortedByTimeThenIdentifierAndComeOnce() throws {
        let items = [Self.item(2, 1), Self.item(1, 9), Self.item(1, 3), Self.item(0, 200)]
        #expect(
            try NegentropyStorage(items).items == [
                Self.item(0, 200), Self.item(1, 3), Self.item(1, 9), Self.item(2, 1),
            ])
        #expect(throws: NegentropyFailure.duplicateItem(items[1])) {
            try NegentropyStorage(items + [items[1]])
        }
        #expect(NegentropyItem(timestamp: .max, id: Self.id(1)) == nil, "that is infinity")
    }

    @Test func rangesHaveTheFingerprintsOfTheirItems() throws {
        var prng = PRNG(seed: suiteSeed)
        let items = (0..<200).map { NegentropyItem(timestamp: UInt64($0), id: prng.identifier())! }
        let storage = try NegentropyStorage(items)
        for _ in 0..<300 * suiteScale {
            let lower = prng.below(201)
            let upper = lower + prng.below(201 - lower)
            #expect(
                storage.fingerprint(lower..<upper) == SetFingerprint(items[lower..<upper].map(\.id)).value)
        }
        #expect(storage.fingerprint(0..<200) != storage.fingerprint(0..<199))
    }

    // MARK: Transcripts of the reference

    private struct Golden: Decodable {
        struct Item: Decodable {
            let value: NegentropyItem

            init(from decoder: any Decoder) throws {
                var fields = try decoder.unkeyedContainer()
                let timestamp = try fields.decode(UInt64.self)
                let id = try #require(OperationID(hex: try fields.decode(String.self)))
                self.value = try #require(NegentropyItem(timestamp: timestamp, id: id))
            }
        }
        struct Exchange: Decodable { let c2s: String, s2c: String }
        let name: String
        let frameSizeLimit: Int
        let client: [Item]
        let server: [Item]
        let transcript: [Exchange]
        let have: [String]
        let need: [String]
    }

    /// Every byte is that of the JavaScript reference, frame limit included.
    @Test func transcriptsAreThoseOfTheReference() throws {
        guard let folder = ProcessInfo.processInfo.environment["DESCORD_VECTORS"],
            let data = FileManager.default.contents(atPath: folder + "/negentropy/golden.json")
        else {
            print("vectors: skipped negentropy/golden.json: DESCORD_VECTORS names no folder that holds it")
            return
        }
        let cases = try JSONDecoder().decode([Golden].self, from: data)
        #expect(cases.count == 14)
        for golden in cases {
            var sets = NegentropySets()
            sets.client = golden.client.map(\.value)
            sets.server = golden.server.map(\.value)
            let limit = golden.frameSizeLimit == 0 ? nil : golden.frameSizeLimit
            let outcome = try sets.reconcile(clientFrame: limit, serverFrame: limit)
            #expect(outcome.up.map(Multibase.hex) == golden.transcript.map(\.c2s), "\(golden.name)")
            #expect(outcome.down.map(Multibase.hex) == golden.transcript.map(\.s2c), "\(golden.name)")
            #expect(Set(outcome.have.map(\.hex)) == Set(golden.have), "\(golden.name)")
            #expect(Set(outcome.need.map(\.hex)) == Set(golden.need), "\(golden.name)")
        }
        print("vectors: \(cases.count) transcripts of negentropy")
    }

    // MARK: Whatever the sets

    /// Timestamps over all 64 bits, all equal, or close; sets that are equal, empty, disjoint, or nearly so.
    private static func random(using prng: inout PRNG) -> NegentropySets {
        var sets = NegentropySets()
        let span = [1, 3, 1_000, .max - 1][prng.below(4)]
        let shares = [(0, 0), (1, 1), (50, 0), (0, 50), (500, 500), (1_000, 0), (20, 900)][prng.below(7)]
        for _ in 0..<[0, 1, 40, 700, 3_000][prng.below(5)] {
            let item = NegentropyItem(timestamp: prng.next() % UInt64(span), id: prng.identifier())!
            let place = prng.below(1_000)
            if place >= shares.1 { sets.client.append(item) }
            if place < shares.1 || place >= shares.0 + shares.1 { sets.server.append(item) }
        }
        return sets
    }

    @Test func everyDifferenceIsFoundOnceAndItEnds() throws {
        var prng = PRNG(seed: suiteSeed)
        let count = 60 * suiteScale
        var differences = 0
        for _ in 0..<count {
            let sets = Self.random(using: &prng)
            let frames = [nil, 4_096, 5_000, 65_528]
            let (up, down) = (frames[prng.below(4)], frames[prng.below(4)])
            let outcome = try sets.reconcile(clientFrame: up, serverFrame: down)
            let due = sets.differences
            #expect(Set(outcome.have) == due.have && outcome.have.count == due.have.count)
            #expect(Set(outcome.need) == due.need && outcome.need.count == due.need.count)
            #expect(outcome.up.allSatisfy { $0.count <= up ?? .max })
            #expect(outcome.down.allSatisfy { $0.count <= down ?? .max })
            differences += due.have.count + due.need.count
        }
        print("negentropy: \(count) pairs of sets, \(differences) differences, seed \(suiteSeed)")
        #expect(differences > count)
    }

    /// A responder that fills its frame exactly at the end of its set says that the rest is empty; what the
    /// initiator has there must not be taken for equal when its own frame is full too.
    @Test func emptyRestIsNotTakenForEqualWhenTheFrameIsFull() throws {
        var prng = PRNG(seed: 5)
        let items = (0..<4_000).map { NegentropyItem(timestamp: UInt64($0), id: prng.identifier())! }
        let storage = try NegentropyStorage(items)
        var writer = NegentropyWriter()
        // Twelve ranges that differ fill the frame; what follows does not fit any more.
        for index in 1...12 {
            let end = NegentropyBound(timestamp: items[index * 300].timestamp)
            writer.fingerprint([UInt8](repeating: 1, count: 16), to: end)
        }
        writer.fingerprint(SetFingerprint().value, to: .infinity)
        let answer = try Negentropy(storage, maxFrameSize: 4_096).answer(to: writer.bytes)
        #expect(answer.count == 1 + 12 * 16 * 19 + 19)
        #expect(Array(answer.suffix(16)) == storage.fingerprint(3_600..<4_000))
    }
}
