import LibP2P

/// Single parameters that replace a profile's, as `name=value,…` by the names of `ParameterField`.
struct ParameterOverrides {
    private let pairs: [(field: ParameterField, value: ParameterValue)]

    /// Reads the text; the values are checked when they are applied.
    init(parsing text: String) throws(CommandError) {
        var pairs: [(field: ParameterField, value: ParameterValue)] = []
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, let field = ParameterField.named(sides[0]) else {
                throw CommandError(
                    .configuration, .badParameters, "\"\(part)\" sets no parameter",
                    hint: "descord params show lists their names")
            }
            pairs.append((field, Self.value(sides[1], field.kind)))
        }
        self.pairs = pairs
    }

    /// Returns the profile with the replacements.
    func applied(to profile: GossipSubProfile) throws(CommandError) -> GossipSubProfile {
        var profile = profile
        do throws(GossipSubParametersFailure) {
            for (field, value) in self.pairs { try field.set(value, in: &profile) }
            if let failure = profile.failure { throw failure }
        } catch {
            throw CommandError(.configuration, .badParameters, error.description)
        }
        return profile
    }

    /// What a text means for a parameter; text that means nothing stays text and is refused later.
    private static func value(_ text: String, _ kind: ParameterKind) -> ParameterValue {
        switch kind {
        case .flag: Bool(text).map { .flag($0) } ?? .text(text)
        case .integer, .milliseconds: Int(text).map { .integer($0) } ?? .text(text)
        case .number: Double(text).map { .number($0) } ?? .text(text)
        case .text: .text(text)
        case .networks: .texts(text.split(separator: " ").map(String.init))
        }
    }
}
