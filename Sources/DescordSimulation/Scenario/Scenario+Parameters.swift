import LibP2P

// MARK: - The router's parameters

extension Scenario {
    /// The parameters that every honest node runs with.
    package func routerParameters() throws(ScenarioFailure) -> GossipSubParameters {
        guard var profile = GossipSubProfile.named(profile) else {
            let names = GossipSubProfile.all.map(\.name).joined(separator: ", ")
            throw ScenarioFailure(
                .parameters, line: nil, "there is no profile \"\(profile)\"; there are: \(names)")
        }
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
