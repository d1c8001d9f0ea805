import LibP2PCore

/// Decay factors from times that people can picture (go-libp2p-pubsub, `ScoreParameterDecayWithBase`).
public enum ScoreDecay {
    /// Returns the factor with which a counter of 1 falls to `decayToZero`, where it counts as 0, within
    /// `duration`, when it decays once every `interval`: the n-th root for n whole intervals, to the nearest
    /// double. 0 when not one interval fits in.
    public static func factor(
        toZeroWithin duration: Duration, interval: Duration = .seconds(1), decayToZero: Double = 0.01
    ) -> Double {
        self.root(decayToZero, count: self.intervals(in: duration, interval))
    }

    /// Returns the factor with which a counter halves within `duration`.
    public static func factor(halvingWithin duration: Duration, interval: Duration = .seconds(1)) -> Double {
        self.root(0.5, count: self.intervals(in: duration, interval))
    }

    private static func intervals(in duration: Duration, _ interval: Duration) -> Int64 {
        precondition(interval > .zero, "time between decays passes")
        return duration.saturatedNanoseconds / max(interval.saturatedNanoseconds, 1)
    }

    /// Returns the double next to the root. There is no mathematical library below this target, and two of
    /// them could differ in the last digit.
    private static func root(_ value: Double, count: Int64) -> Double {
        precondition(value > 0 && value < 1, "what a counter decays to is between 0 and 1")
        guard count > 0 else { return 0 }
        // Positive doubles are ordered as their bit patterns are: the root is between two that follow.
        var low: UInt64 = 0
        var high = (1.0).bitPattern
        while low + 1 < high {
            let middle = (low + high) / 2
            if LongDouble.power(Double(bitPattern: middle), count) <= value {
                low = middle
            } else {
                high = middle
            }
        }
        let (below, above) = (Double(bitPattern: low), Double(bitPattern: high))
        let missing = LongDouble.power(below, count).distance(to: value)
        let excess = -LongDouble.power(above, count).distance(to: value)
        return missing <= excess ? below : above
    }
}

/// A number as the sum of two doubles, of which the second is smaller than the first one's last digit.
private struct LongDouble {
    private let high: Double
    private let low: Double

    /// What is missing to a number that is close.
    func distance(to value: Double) -> Double { (value - self.high) - self.low }

    static func power(_ base: Double, _ exponent: Int64) -> LongDouble {
        var (result, square, rest) = (LongDouble(high: 1, low: 0), LongDouble(high: base, low: 0), exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square }
            square = square * square
            rest >>= 1
        }
        return result
    }

    static func * (a: LongDouble, b: LongDouble) -> LongDouble {
        let product = a.high * b.high
        // What the product was rounded by, exactly.
        let rounding = (-product).addingProduct(a.high, b.high)
        let rest = rounding + (a.high * b.low + a.low * b.high)
        let high = product + rest
        return LongDouble(high: high, low: rest - (high - product))
    }

    static func <= (a: LongDouble, b: Double) -> Bool {
        a.high < b || (a.high == b && a.low <= 0)
    }
}
