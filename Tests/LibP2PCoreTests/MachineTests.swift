import LibP2PCore
import Testing

@Suite struct MachineTests {
    @Test func instantsSaturate() {
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant.zero + .seconds(Int64.max) == .distantFuture)
        #expect(Instant(nanoseconds: .min) - .seconds(1) == Instant(nanoseconds: .min))
        let longest: Duration = Instant.distantFuture - Instant(nanoseconds: -1)
        #expect(longest == Duration.nanoseconds(Int64.max))
        let short: Duration = (Instant.zero + .milliseconds(3)) - Instant.zero
        #expect(short == Duration.milliseconds(3))
    }

    /// The first outputs of xoshiro256** seeded by SplitMix64, computed by an independent program.
    @Test func theSameSeedGivesTheSameNumbers() {
        var a = PRNG(seed: 42)
        var b = PRNG(seed: 42)
        #expect((0..<100).allSatisfy { _ in a.next() == b.next() })
        var fixed = PRNG(seed: 42)
        #expect(
            (0..<3).map { _ in fixed.next() } == [
                1_546_998_764_402_558_742, 6_990_951_692_964_543_102, 12_544_586_762_248_559_009,
            ])
    }

    @Test func numbersStayBelowTheirBound() {
        var prng = PRNG(seed: 1)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7_000 { counts[prng.below(7)] += 1 }
        #expect(counts.allSatisfy { (800...1_200).contains($0) })
        var elements = Array(0..<50)
        prng.shuffle(&elements)
        #expect(elements != Array(0..<50) && elements.sorted() == Array(0..<50))
    }
}
