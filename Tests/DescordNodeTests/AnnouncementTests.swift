import DescordCore
import DescordCrypto
import LibP2P
import LibP2PCore
import Testing

@testable import DescordNode

@Suite struct AnnouncementTests {
    private let now = WallTime(milliseconds: 1_800_000_000_000)

    private func genesis(_ number: Int, isPublic: Bool = true) throws -> [UInt8] {
        let nonce = (0..<32).map { UInt8(truncatingIfNeeded: $0 == 0 ? number : number >> 8) }
        let header = OperationHeader(
            space: nil, sequence: 0, previous: nil, dependencies: [], clock: HybridLogicalClock(self.now),
            kind: .spaceCreate, nonce: nonce, body: SpaceCreate(name: "s", isPublic: isPublic).encoded)
        let key = Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: 3, count: 32)))
        return try Operation(signing: header, by: #require(key)).encoded
    }

    @Test func onlyWhatIsWrongInEveryStateIsRejected() throws {
        var announcements = Announcements()
        var bytes = try self.genesis(1)
        #expect(announcements.received(bytes, at: self.now) == .accept)
        bytes[bytes.count - 1] ^= 1
        #expect(announcements.received(bytes, at: self.now) == .reject)
        #expect(announcements.received([1, 2, 3], at: self.now) == .reject)
        // It may have become public since.
        #expect(announcements.received(try self.genesis(2, isPublic: false), at: self.now) == .ignore)
        #expect(announcements.entries.count == 1)
    }

    @Test func floodOfSpacesIsBoundedByCountAndRate() throws {
        var announcements = Announcements()
        for number in 0..<Announcements.maxCount {
            #expect(announcements.received(try self.genesis(number), at: self.now) == .accept)
        }
        #expect(announcements.received(try self.genesis(1_000), at: self.now) == .ignore)
        #expect(announcements.entries.count == Announcements.maxCount)
        let later = self.now + .seconds(2)
        for (number, verdict) in [(1_000, ValidationResult.accept), (1_001, .accept), (1_002, .ignore)] {
            #expect(announcements.received(try self.genesis(number), at: later) == verdict)
        }
        #expect(announcements.entries.count == Announcements.maxCount)
        let hours = self.now + Announcements.timeToLive + .seconds(10)
        #expect(announcements.received(try self.genesis(5), at: hours) == .accept)
        #expect(announcements.entries.count == 1)
    }

    @Test func repeatedAnnouncementIsPassedOnOnceInAWhile() throws {
        var announcements = Announcements()
        let bytes = try self.genesis(1)
        #expect(announcements.received(bytes, at: self.now) == .accept)
        #expect(announcements.received(bytes, at: self.now + .seconds(4)) == .ignore)
        #expect(announcements.received(bytes, at: self.now + .seconds(6)) == .accept)
        let first = announcements.mayAnnounce(OperationID.zeros, at: self.now)
        let second = announcements.mayAnnounce(OperationID.zeros, at: self.now + .seconds(4))
        #expect(first && !second)
    }
}

extension OperationID {
    fileprivate static var zeros: OperationID { OperationID(bytes: [UInt8](repeating: 0, count: 32))! }
}
