/// Takes the members of one object of a scenario, one by one; what nobody took is a mistake.
struct ScenarioReader {
    /// What the object is called in errors, such as `scenario` or `churn`.
    let title: String
    let line: Int
    private let members: [(name: String, value: ScenarioValue)]
    private var taken: [String] = []

    /// Begins to read an object.
    init(_ value: ScenarioValue, title: String) throws(ScenarioFailure) {
        guard case .object(let members) = value.content else {
            throw ScenarioFailure(line: value.line, "\"\(title)\" is an object, not \(value.kindName)")
        }
        self.title = title
        self.line = value.line
        self.members = members
    }

    /// Every member, for objects whose names are free.
    var all: [(name: String, value: ScenarioValue)] { members }

    /// Refuses members that were not asked for.
    func finish() throws(ScenarioFailure) {
        for (name, value) in members where !taken.contains(name) {
            throw ScenarioFailure(
                line: value.line,
                "\"\(name)\" is no member of \"\(title)\"; there are: \(taken.joined(separator: ", "))")
        }
    }

    /// Takes a member as it is.
    mutating func value(_ name: String) -> ScenarioValue? {
        taken.append(name)
        return members.first { $0.name == name }?.value
    }

    mutating func flag(_ name: String) throws(ScenarioFailure) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .flag(let flag) = value.content else { throw mismatch(name, value, "true or false") }
        return flag
    }

    mutating func text(_ name: String) throws(ScenarioFailure) -> String? {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value.content else { throw mismatch(name, value, "a text") }
        return text
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(ScenarioFailure) -> Double? {
        guard let value = value(name) else { return nil }
        return try Self.number(name, value, in: range)
    }

    mutating func count(_ name: String, in range: ClosedRange<Int>) throws(ScenarioFailure) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .number(let number) = value.content, let count = Int(exactly: number),
            range.contains(count)
        else { throw mismatch(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)") }
        return count
    }

    /// Takes one of several words.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of _: Choice.Type
    ) throws(ScenarioFailure) -> Choice? where Choice.RawValue == String {
        guard let value = value(name) else { return nil }
        if case .text(let text) = value.content, let choice = Choice(rawValue: text) { return choice }
        throw mismatch(name, value, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }

    mutating func list(_ name: String, countMax: Int) throws(ScenarioFailure) -> [ScenarioValue] {
        guard let value = value(name) else { return [] }
        guard case .list(let values) = value.content, values.count <= countMax else {
            throw mismatch(name, value, "a list of at most \(countMax)")
        }
        return values
    }

    /// Takes a number, `{"min", "max"}`, `{"mean", "deviation"}`, or a list of `{"share", "min", "max"}`.
    mutating func distribution(
        _ name: String, in range: ClosedRange<Double>
    ) throws(ScenarioFailure) -> Distribution? {
        guard let value = value(name) else { return nil }
        switch value.content {
        case .number: return .constant(try Self.number(name, value, in: range))
        case .list(let values):
            guard (1...16).contains(values.count) else { throw mismatch(name, value, "1 to 16 parts") }
            var parts: [Distribution.Part] = []
            for value in values {
                var reader = try ScenarioReader(value, title: name)
                let share = try reader.needed("share", reader.number("share", in: 0...1))
                let (low, high) = try reader.range(in: range)
                try reader.finish()
                parts.append(.init(share: share, low: low, high: high))
            }
            guard parts.contains(where: { $0.share > 0 }) else { throw mismatch(name, value, "a share") }
            return .mixed(parts)
        case .object(let members):
            var reader = try ScenarioReader(value, title: name)
            if members.contains(where: { $0.name == "mean" }) {
                let mean = try reader.needed("mean", reader.number("mean", in: range))
                let deviation = try reader.needed("deviation", reader.number("deviation", in: 0...mean))
                try reader.finish()
                return .normal(mean: mean, deviation: deviation)
            }
            let (low, high) = try reader.range(in: range)
            try reader.finish()
            return .even(low, high)
        default:
            throw mismatch(name, value, "a number, {\"min\", \"max\"}, {\"mean\", \"deviation\"} or parts")
        }
    }

    /// Returns a member that must be there.
    func needed<Value>(_ name: String, _ value: Value?) throws(ScenarioFailure) -> Value {
        guard let value else { throw ScenarioFailure(line: line, "\"\(name)\" is missing in \"\(title)\"") }
        return value
    }

    private mutating func range(in range: ClosedRange<Double>) throws(ScenarioFailure) -> (Double, Double) {
        let low = try needed("min", number("min", in: range))
        let high = try needed("max", number("max", in: range))
        guard low <= high else {
            throw ScenarioFailure(line: line, "\"min\" of \"\(title)\" is above \"max\"")
        }
        return (low, high)
    }

    private static func number(
        _ name: String, _ value: ScenarioValue, in range: ClosedRange<Double>
    ) throws(ScenarioFailure) -> Double {
        guard case .number(let number) = value.content, range.contains(number) else {
            throw Self.mismatch(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func mismatch(_ name: String, _ value: ScenarioValue, _ expected: String) -> ScenarioFailure {
        Self.mismatch(name, value, expected)
    }

    private static func mismatch(
        _ name: String, _ value: ScenarioValue, _ expected: String
    ) -> ScenarioFailure {
        ScenarioFailure(line: value.line, "\"\(name)\" has to be \(expected)")
    }
}
