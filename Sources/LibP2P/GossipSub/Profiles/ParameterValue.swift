/// The value of one parameter, as files and output spell it.
public enum ParameterValue: Hashable, Sendable, CustomStringConvertible {
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case texts([String])

    /// The value as JSON would write it, but for escapes.
    public var description: String {
        switch self {
        case .flag(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value):
            // Whole numbers without a fraction, as long as a double tells them from their neighbours.
            value.rounded() == value && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
        case .text(let value): "\"\(value)\""
        case .texts(let values): "[" + values.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
    }
}

/// What a parameter may be.
public enum ParameterKind: Hashable, Sendable {
    case flag
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A duration in whole milliseconds.
    case milliseconds(ClosedRange<Int>)
    case number(NumberRange)
    /// Text of at most so many bytes, and at least one.
    case text(maxSize: Int)
    /// Networks such as `192.0.2.0/24`, at most so many.
    case networks(maxCount: Int)

    /// Numbers that a parameter may be; none of them is infinite.
    public enum NumberRange: Hashable, Sendable {
        case any, atLeastZero, atMostZero, positive, atLeastOne
        /// 0 to 1, both included.
        case share
        /// A factor of decay: below 1, and 0 where nothing decays.
        case decay

        func contains(_ value: Double) -> Bool {
            guard value.isFinite else { return false }
            return switch self {
            case .any: true
            case .atLeastZero: value >= 0
            case .atMostZero: value <= 0
            case .positive: value > 0
            case .atLeastOne: value >= 1
            case .share: value >= 0 && value <= 1
            case .decay: value >= 0 && value < 1
            }
        }

        var words: String {
            switch self {
            case .any: "a number"
            case .atLeastZero: "a number, 0 or above"
            case .atMostZero: "a number, 0 or below"
            case .positive: "a number above 0"
            case .atLeastOne: "a number, 1 or above"
            case .share: "a number from 0 to 1"
            case .decay: "a number from 0 to below 1"
            }
        }
    }

    /// What fits, in words: `a whole number from 0 to 1024`.
    public var words: String {
        switch self {
        case .flag: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .milliseconds(let range):
            "a whole number of milliseconds from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): range.words
        case .text(let maxSize): "text of 1 to \(maxSize) bytes"
        case .networks(let maxCount): "a list of at most \(maxCount) networks such as \"192.0.2.0/24\""
        }
    }

    /// Whether a value is one of those; a whole number is a number too.
    func contains(_ value: ParameterValue) -> Bool {
        switch (self, value) {
        case (.flag, .flag): true
        case (.integer(let range), .integer(let value)): range.contains(value)
        case (.milliseconds(let range), .integer(let value)): range.contains(value)
        case (.number(let range), .number(let value)): range.contains(value)
        case (.number(let range), .integer(let value)): range.contains(Double(value))
        case (.text(let maxSize), .text(let value)): (1...maxSize).contains(value.utf8.count)
        case (.networks(let maxCount), .texts(let values)):
            values.count <= maxCount && values.allSatisfy { IPNetwork(parsing: $0) != nil }
        default: false
        }
    }
}

/// What the fields of parameters are made of, and how it becomes a `ParameterValue` and back.
protocol ParameterRepresentable: Sendable {
    var parameterValue: ParameterValue { get }
    /// Takes a value that fits the field's kind; nil when its type is another one.
    init?(_ value: ParameterValue)
}

extension Bool: ParameterRepresentable {
    var parameterValue: ParameterValue { .flag(self) }

    init?(_ value: ParameterValue) {
        guard case .flag(let flag) = value else { return nil }
        self = flag
    }
}

extension Int: ParameterRepresentable {
    var parameterValue: ParameterValue { .integer(self) }

    init?(_ value: ParameterValue) {
        guard case .integer(let integer) = value else { return nil }
        self = integer
    }
}

extension Double: ParameterRepresentable {
    var parameterValue: ParameterValue { .number(self) }

    init?(_ value: ParameterValue) {
        switch value {
        case .integer(let integer): self = Double(integer)
        case .number(let number): self = number
        default: return nil
        }
    }
}

extension Duration: ParameterRepresentable {
    var parameterValue: ParameterValue {
        let (seconds, attoseconds) = self.components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return .integer(seconds < 0 ? .min : .max) }
        return .integer(Int(milliseconds) + Int(attoseconds / 1_000_000_000_000_000))
    }

    init?(_ value: ParameterValue) {
        guard case .integer(let milliseconds) = value else { return nil }
        self = .milliseconds(milliseconds)
    }
}

extension String: ParameterRepresentable {
    var parameterValue: ParameterValue { .text(self) }

    init?(_ value: ParameterValue) {
        guard case .text(let text) = value else { return nil }
        self = text
    }
}

extension [IPNetwork]: ParameterRepresentable {
    var parameterValue: ParameterValue { .texts(self.map(\.description)) }

    init?(_ value: ParameterValue) {
        guard case .texts(let texts) = value else { return nil }
        var networks: [IPNetwork] = []
        for text in texts {
            guard let network = IPNetwork(parsing: text) else { return nil }
            networks.append(network)
        }
        self = networks
    }
}
