import ArgumentParser
import DescordSimulation

/// A number of honest nodes.
package struct NodeCountArgument: ExpressibleByArgument, Hashable, Sendable {
    package let count: Int

    package init?(argument: String) {
        guard let count = Int(argument), Scenario.Bound.nodes.contains(count) else { return nil }
        self.count = count
    }
}

/// A number of messages.
package struct MessageCountArgument: ExpressibleByArgument, Hashable, Sendable {
    package let count: Int

    package init?(argument: String) {
        guard let count = Int(argument), Scenario.Bound.messages.contains(count) else { return nil }
        self.count = count
    }
}

/// A number of bytes that one message can have.
package struct SizeArgument: ExpressibleByArgument, Hashable, Sendable {
    package let count: Int

    package init?(argument: String) {
        guard let count = Int(argument), Scenario.Bound.bytes.contains(count) else { return nil }
        self.count = count
    }
}

/// How often a second.
package struct RateArgument: ExpressibleByArgument, Hashable, Sendable {
    package let number: Double

    package init?(argument: String) {
        guard let number = Double(argument), Scenario.Bound.rate.contains(number) else { return nil }
        self.number = number
    }
}

/// Megabits a second.
package struct BandwidthArgument: ExpressibleByArgument, Hashable, Sendable {
    package let number: Double

    package init?(argument: String) {
        guard let number = Double(argument), Scenario.Bound.megabits.contains(number) else { return nil }
        self.number = number
    }
}

/// Milliseconds: one number, or two with dots between them.
package struct RangeArgument: ExpressibleByArgument, Hashable, Sendable {
    package let low: Double
    package let high: Double

    package init?(argument: String) {
        let sides = argument.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = sides.compactMap { Double($0) }
        guard numbers.count == sides.count, let low = numbers.first, let high = numbers.last, low <= high,
            numbers.allSatisfy(Scenario.Bound.milliseconds.contains)
        else { return nil }
        self.low = low
        self.high = high
    }

    var distribution: Distribution {
        self.low == self.high ? .constant(self.low) : .even(self.low, self.high)
    }
}

/// A seed, or the first and the last of several with dots between them.
package struct SeedsArgument: ExpressibleByArgument, Hashable, Sendable {
    /// More runs than this are a job for a script.
    private static let countMax: UInt64 = 100_000

    package let range: ClosedRange<UInt64>

    package init?(argument: String) {
        let sides = argument.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = sides.compactMap { UInt64($0) }
        guard numbers.count == sides.count, let first = numbers.first, let last = numbers.last, first <= last,
            last - first < Self.countMax
        else { return nil }
        self.range = first...last
    }
}

/// A seed.
package struct SeedArgument: ExpressibleByArgument, Hashable, Sendable {
    package let number: UInt64

    package init?(argument: String) {
        guard let number = UInt64(argument) else { return nil }
        self.number = number
    }
}
