/// One or more decays of a counter in a row.
struct CounterDecay: Sendable {
    /// How many decays are done one by one, so that the last digit is that of as many single ones. A node
    /// that slept for longer than a quarter of an hour may have another one.
    private static let singleMax = 1_024

    /// How many intervals have passed; at least 1.
    let count: Int
    /// A counter below this becomes 0.
    let decayToZero: Double

    func apply(_ factor: Double, to counter: inout Double) {
        guard counter != 0 else { return }
        let single = min(self.count, Self.singleMax)
        for _ in 0..<single {
            counter *= factor
            if counter < self.decayToZero {
                counter = 0
                return
            }
        }
        if self.count > single {
            counter *= Self.power(factor, self.count - single)
            if counter < self.decayToZero { counter = 0 }
        }
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
