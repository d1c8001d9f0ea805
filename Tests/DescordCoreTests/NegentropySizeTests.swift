import LibP2PCore
import Testing

@testable import DescordCore

/// What a reconciliation costs in bytes and round trips: the figures of docs/protocol.md.
@Suite struct NegentropySizeTests {
    @Test func equalSetsTakeOneRoundTripAndLittleMoreThanThreeHundredBytes() throws {
        var prng = PRNG(seed: 2)
        for count in [100, 1_000, 100_000] {
            let outcome = try NegentropySets(common: count, client: 0, server: 0, using: &prng).reconcile()
            #expect(outcome.up.count == 1 && outcome.up[0].count <= 340 && outcome.down == [[0x61]])
            #expect(outcome.have.isEmpty && outcome.need.isEmpty)
        }
    }

    @Test func twoHundredRecentDifferencesOfAHundredThousandTakeThreeRoundTrips() throws {
        var prng = PRNG(seed: 3)
        let sets = NegentropySets(common: 100_000, client: 100, server: 100, using: &prng)
        let outcome = try sets.reconcile()
        #expect(outcome.up.count <= 3 && outcome.size <= 6_000)
        #expect(outcome.have.count == 100 && outcome.need.count == 100)
        print("negentropy: 100,000 items, 100+100: \(outcome.up.count) round trips, \(outcome.size) bytes")
    }

    @Test func oneDifferenceOfAMillionTakesLessThanTwoAndAHalfKilobytes() throws {
        var prng = PRNG(seed: 4)
        let sets = NegentropySets(common: 1_000_000, client: 0, server: 1, isRecent: false, using: &prng)
        let outcome = try sets.reconcile()
        #expect(outcome.up.count <= 3 && outcome.size < 2_500)
        #expect(outcome.have.isEmpty && outcome.need.count == 1)
        print("negentropy: 1,000,000 items, 1: \(outcome.up.count) round trips, \(outcome.size) bytes")
    }

    @Test func scatteredDifferencesAndFramesOfASessionStayWithinItsBounds() throws {
        var prng = PRNG(seed: 6)
        let sets = NegentropySets(common: 100_000, client: 500, server: 500, isRecent: false, using: &prng)
        let frame = SyncLimits.maxNegentropySize
        let outcome = try sets.reconcile(clientFrame: frame, serverFrame: frame)
        #expect(outcome.up.count <= 16 && outcome.size < 1_000_000)
        #expect(outcome.up.count < SyncLimits.maxNegentropyCount)
        #expect(
            2 * SyncLimits.maxNegentropyCount * SyncLimits.maxNegentropySize <= 8 << 20, "8 MiB a session")
    }
}
