import LibP2P

/// Ways to break a world on purpose, so that each checker can be seen to fire. No scenario can ask for them.
package struct Sabotage: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Every PRUNE is lost on its way, so that meshes become one-sided.
    package static let losesPrunes = Sabotage(rawValue: 1)
    /// The last node never gets a message.
    package static let starvesLastNode = Sabotage(rawValue: 2)
    /// Applications accept again what they have stored.
    package static let acceptsAgain = Sabotage(rawValue: 4)
    /// Nodes that come back have forgotten their backoffs.
    package static let forgetsBackoffs = Sabotage(rawValue: 8)
    /// Routers hold ten times of what the checker grants them.
    package static let exceedsBounds = Sabotage(rawValue: 16)
    /// A partition that ended goes on for one node.
    package static let neverHeals = Sabotage(rawValue: 32)
    /// Applications reject what they only cannot judge.
    package static let rejectsTheUnknown = Sabotage(rawValue: 64)
    /// Routers are not told who the members are.
    package static let forgetsMembers = Sabotage(rawValue: 128)
    /// Applications store what non-members wrote.
    package static let storesForStrangers = Sabotage(rawValue: 256)
    /// Routers take no score for bad enough to withhold anything.
    package static let feedsGraylisted = Sabotage(rawValue: 512)

    /// What routers run with that should run with `parameters`.
    func applied(to parameters: GossipSubParameters) -> GossipSubParameters {
        var parameters = parameters
        if contains(.exceedsBounds) { parameters.seenCountMax *= 10 }
        if contains(.feedsGraylisted) {
            parameters.thresholds.gossip = -1e12
            parameters.thresholds.publish = -1e12
            parameters.thresholds.graylist = -1e12
        }
        return parameters
    }
}
