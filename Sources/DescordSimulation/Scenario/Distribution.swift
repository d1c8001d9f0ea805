import LibP2PCore

/// How a quantity is spread over links, nodes or moments; the unit is that of the member that holds it.
package enum Distribution: Equatable, Sendable {
    /// A part of a mixture: so large a share of the draws is even between two values.
    package struct Part: Equatable, Sendable {
        package var share: Double
        package var low: Double
        package var high: Double
    }

    /// Always the same.
    case constant(Double)
    /// Even between two values.
    case even(Double, Double)
    /// Bell-shaped around a mean, cut off at a tenth of it.
    case normal(mean: Double, deviation: Double)
    /// Several even ranges, such as near and far regions.
    case mixed([Part])

    /// Draws a value.
    func draw(using prng: inout PRNG) -> Double {
        switch self {
        case .constant(let value): return value
        case .even(let low, let high): return low + (high - low) * prng.unit()
        case .normal(let mean, let deviation):
            // The sum of twelve even numbers has a deviation of 1, and needs no logarithm, whose last bit
            // differs from one C library to the next.
            var sum = -6.0
            for _ in 0..<12 { sum += prng.unit() }
            return max(mean + deviation * sum, mean / 10)
        case .mixed(let parts):
            var rest = prng.unit() * parts.reduce(0) { $0 + $1.share }
            for part in parts.dropLast() {
                if rest < part.share { return part.low + (part.high - part.low) * prng.unit() }
                rest -= part.share
            }
            guard let last = parts.last else { return 0 }
            return last.low + (last.high - last.low) * prng.unit()
        }
    }

    /// The least value that can be drawn.
    var least: Double {
        switch self {
        case .constant(let value): value
        case .even(let low, _): low
        case .normal(let mean, _): mean / 10
        case .mixed(let parts): parts.map(\.low).min() ?? 0
        }
    }

    /// The greatest value that can be drawn.
    var greatest: Double {
        switch self {
        case .constant(let value): value
        case .even(_, let high): high
        case .normal(let mean, let deviation): mean + 6 * deviation
        case .mixed(let parts): parts.map(\.high).max() ?? 0
        }
    }
}
