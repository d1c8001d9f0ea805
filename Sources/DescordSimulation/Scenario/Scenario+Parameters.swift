import LibP2P

// MARK: - The router's parameters

extension Scenario {
    /// The profiles that a scenario can name, sorted.
    package static var profiles: [String] { ["default", "descord"] }

    /// The parameters that every honest node runs with.
    package func routerParameters() throws(ScenarioFailure) -> GossipSubParameters {
        var parameters: GossipSubParameters
        switch profile {
        case "descord": parameters = .descord
        case "default": parameters = GossipSubParameters()
        default:
            throw ScenarioFailure(
                .parameters, line: nil,
                "there is no profile \"\(profile)\"; there are: \(Self.profiles.joined(separator: ", "))")
        }
        for change in self.parameters {
            do throws(ParameterOverride.Failure) {
                try change.apply(to: &parameters)
            } catch {
                switch error {
                case .unknownName:
                    let names = ParameterOverride.names.joined(separator: ", ")
                    throw ScenarioFailure(
                        .parameters, line: nil,
                        "\"\(change.name)\" is no parameter that can be changed; there are: \(names)")
                case .badValue:
                    throw ScenarioFailure(
                        .parameters, line: nil, "\"\(change.name)\" does not take this value")
                }
            }
        }
        if let failure = parameters.failure {
            throw ScenarioFailure(
                .parameters, line: nil, "the parameters contradict each other (\(failure))")
        }
        return parameters
    }
}
