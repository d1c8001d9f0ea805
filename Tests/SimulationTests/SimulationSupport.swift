import Foundation

@testable import DescordSimulation

/// Small worlds that the suites share.
enum SmallWorld {
    /// Whether this build is one to work with: without optimisation worlds are smaller still, and fewer.
    static var isUnoptimised: Bool {
        var isUnoptimised = false
        assert({ isUnoptimised = true }() == ())
        return isUnoptimised
    }

    /// A quiet one.
    static func calm(nodes: Int = 30, _ change: (inout Scenario) -> Void = { _ in }) -> Scenario {
        var scenario = Scenario()
        scenario.name = "calm"
        scenario.nodes = nodes
        scenario.topology = .random(degree: 10)
        scenario.messages = 10
        scenario.ratePerSecond = 2
        scenario.warmUpSeconds = 3
        scenario.coolDownSeconds = 5
        change(&scenario)
        return scenario
    }

    /// Runs a scenario to its end.
    static func run(
        _ scenario: Scenario, seed: UInt64 = 1, sabotage: Sabotage = []
    ) throws -> RunFigures {
        var world = try World(scenario, seed: seed, sabotage: sabotage)
        return world.run()
    }
}

extension RunFigures {
    /// The checkers that fired.
    var fired: Set<Checker> { Set(violations.map(\.checker)) }
}
