/// A seeded generator of random numbers: xoshiro256** (Blackman and Vigna), seeded through SplitMix64.
///
/// One concrete struct, so that the same seed gives the same run in every process; not for keys or nonces.
public struct PRNG: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        var mix = seed
        func next() -> UInt64 {
            mix &+= 0x9e37_79b9_7f4a_7c15
            var z = mix
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
        self.state = (next(), next(), next(), next())
    }

    /// Returns 64 random bits.
    public mutating func next() -> UInt64 {
        let result = Self.rotated(self.state.1 &* 5, by: 7) &* 9
        let shifted = self.state.1 << 17
        self.state.2 ^= self.state.0
        self.state.3 ^= self.state.1
        self.state.1 ^= self.state.2
        self.state.0 ^= self.state.3
        self.state.2 ^= shifted
        self.state.3 = Self.rotated(self.state.3, by: 45)
        return result
    }

    /// Returns an independent generator, seeded from this one.
    public mutating func split() -> PRNG {
        PRNG(seed: self.next())
    }

    /// Moves `count` random elements (or all, when there are fewer) to the front of `elements`, in random
    /// order.
    ///
    /// Written out rather than borrowed from the standard library, whose algorithm may change between
    /// versions.
    public mutating func shuffle<Element>(_ elements: inout [Element], prefix count: Int = .max) {
        for index in 0..<min(count, elements.count) {
            elements.swapAt(index, index + self.below(elements.count - index))
        }
    }

    /// Returns a number in `0..<bound`; `bound` is positive.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "an empty range has no random element")
        var (high, low) = self.next().multipliedFullWidth(by: UInt64(bound))
        if low < UInt64(bound) {
            let threshold = (0 &- UInt64(bound)) % UInt64(bound)
            while low < threshold {
                (high, low) = self.next().multipliedFullWidth(by: UInt64(bound))
            }
        }
        return Int(high)
    }

    private static func rotated(_ value: UInt64, by count: UInt64) -> UInt64 {
        (value << count) | (value >> (64 - count))
    }
}
