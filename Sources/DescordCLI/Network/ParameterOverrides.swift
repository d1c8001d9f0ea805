import LibP2P

/// Single mesh parameters that replace a profile's, as `name=value,…` by the specification's names.
struct ParameterOverrides {
    private let pairs: [(name: String, value: String)]

    /// Splits the text; values are read when they are applied.
    init(parsing text: String) throws(CommandError) {
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1)
            guard sides.count == 2 else { throw Self.failure(String(part)) }
            pairs.append((String(sides[0]), String(sides[1])))
        }
        self.pairs = pairs
    }

    /// Returns the parameters with the replacements.
    func applied(to parameters: GossipSubParameters) throws(CommandError) -> GossipSubParameters {
        var parameters = parameters
        for (name, value) in self.pairs {
            switch name {
            case "d": parameters.degree = try Self.number(value)
            case "d_low": parameters.degreeLow = try Self.number(value)
            case "d_high": parameters.degreeHigh = try Self.number(value)
            case "d_out": parameters.degreeOut = try Self.number(value)
            case "d_score": parameters.degreeScore = try Self.number(value)
            case "d_lazy": parameters.degreeLazy = try Self.number(value)
            case "heartbeat_interval_ms": parameters.heartbeatInterval = .milliseconds(try Self.number(value))
            case "small_mesh":
                guard let isOn = Bool(value) else { throw Self.failure(value) }
                parameters.smallMeshPublish = isOn
                parameters.holdsUnsentPublications = isOn
            case "flood_publish":
                guard let isOn = Bool(value) else { throw Self.failure(value) }
                parameters.floodPublish = isOn
            default: throw Self.failure(name)
            }
        }
        if parameters.degree == 0 { parameters.degreeScore = 0 }
        return parameters
    }

    private static func number(_ text: String) throws(CommandError) -> Int {
        guard let number = Int(text), (0...1_000_000).contains(number) else { throw self.failure(text) }
        return number
    }

    private static func failure(_ text: String) -> CommandError {
        CommandError(.configuration, .badConfiguration, "\"\(text)\" is no mesh parameter")
    }
}
