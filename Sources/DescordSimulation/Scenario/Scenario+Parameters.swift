import LibP2P

// MARK: - The router's parameters

extension Scenario {
    /// The parameters that every honest node runs with.
    package func routerParameters() throws(ScenarioFailure) -> GossipSubParameters {
        var profile = profile
        for change in parameters {
            guard let field = ParameterField.named(change.path) else {
                throw ScenarioFailure(.parameters, line: nil, "there is no parameter \"\(change.path)\"")
            }
            do throws(GossipSubParametersFailure) {
                try field.set(change.value, in: &profile)
            } catch {
                throw ScenarioFailure(.parameters, line: nil, "\(error)")
            }
        }
        if let failure = profile.failure {
            throw ScenarioFailure(.parameters, line: nil, "\(failure)")
        }
        return profile.parameters
    }
}
