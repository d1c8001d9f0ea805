import LibP2P
import Testing

@testable import DescordSimulation

/// Each checker fires in a world that is broken on purpose, and is silent in the same world when it is not.
@Suite struct CheckerTests {
    /// Runs a scenario whole and broken; returns which checkers fired in the broken one.
    private func fired(
        _ sabotage: Sabotage, in scenario: Scenario, seed: UInt64 = 1
    ) throws -> Set<Checker> {
        let whole = try SmallWorld.run(scenario, seed: seed)
        #expect(whole.violations == [], "the world is broken without anybody's doing")
        return try SmallWorld.run(scenario, seed: seed, sabotage: sabotage).fired
    }

    /// A crowd in which everybody knows everybody: meshes overflow and are cut down.
    private static let crowd = SmallWorld.calm(nodes: 40) {
        $0.topology = .complete
        $0.coolDownSeconds = 20
    }

    @Test func oneSidedMeshesAreFound() throws {
        #expect(try fired(.losesPrunes, in: Self.crowd).contains(.mesh))
    }

    @Test(arguments: [
        (size: 3, candidates: 1, isFound: true), (size: 3, candidates: 0, isFound: false),
        (size: 4, candidates: 1, isFound: false), (size: 12, candidates: 1, isFound: false),
        (size: 13, candidates: 0, isFound: true),
    ])
    func aMeshOfTheWrongSizeIsFound(size: Int, candidates: Int, isFound: Bool) {
        var check = MeshCheck(degreeLow: 4, degreeHigh: 12)
        let view = MeshCheck.View(node: 0, mesh: [], size: size, candidates: candidates)
        for _ in 1..<MeshCheck.patience { #expect(check.look([view], count: 1).isEmpty) }
        #expect(check.look([view], count: 1).map(\.node) == (isFound ? [0] : []))
        // What was wrong is wrong only as long as it lasts.
        let right = MeshCheck.View(node: 0, mesh: [], size: 6, candidates: 0)
        #expect(check.look([right], count: 1).isEmpty)
        #expect(check.look([view], count: 1).isEmpty)
    }

    @Test func aMessageThatDoesNotArriveIsFound() throws {
        #expect(try fired(.starvesLastNode, in: SmallWorld.calm()) == [.delivery])
    }

    @Test func aDeliveryThatIsTooLateIsFound() throws {
        let figures = try SmallWorld.run(SmallWorld.calm { $0.deliverWithinMilliseconds = 60 })
        #expect(figures.fired == [.delivery])
    }

    @Test func aMessageThatIsGivenTwiceToAnApplicationIsFound() throws {
        let replayed = SmallWorld.calm {
            $0.parameters = [.init("seen_ttl_ms", .integer(2_000))]
            $0.attacks = [.init(kind: .replayFlood, count: 2, links: 10, fromSeconds: 3)]
        }
        #expect(try fired(.acceptsAgain, in: replayed).contains(.duplicates))
    }

    @Test func aGraftIntoABackoffIsFound() throws {
        let restless = SmallWorld.calm {
            $0.churn = .init(share: 0.3, times: 1, awaySeconds: .constant(2), politeShare: 1)
        }
        #expect(try fired(.forgetsBackoffs, in: restless) == [.sends])
    }

    @Test func aCacheThatGrowsBeyondItsBoundIsFound() throws {
        let flooded = SmallWorld.calm {
            $0.parameters = [.init("seen_max_count", .integer(20))]
            $0.messages = 60
            $0.ratePerSecond = 10
        }
        #expect(try fired(.exceedsBounds, in: flooded) == [.memory])
    }

    @Test func aWaitingRoomThatGrowsBeyondItsBoundIsFound() throws {
        let flooded = SmallWorld.calm {
            $0.attacks = [
                .init(kind: .holdFlood, count: 1, links: 5, ratePerSecond: 10, size: 10, isMember: true)
            ]
        }
        #expect(try fired(.exceedsBounds, in: flooded) == [.memory])
    }

    @Test func aWorldThatDoesNotRecoverIsFound() throws {
        let parted = SmallWorld.calm {
            $0.partitions = [.init(atSeconds: 1, forSeconds: 3, share: 0.5)]
        }
        #expect(try fired(.neverHeals, in: parted).contains(.convergence))
    }

    @Test func aPenaltyAmongHonestNodesIsFound() throws {
        // A kicked member goes on writing: whoever has not heard of the kick passes it on in good faith.
        let kicked = SmallWorld.calm {
            $0.attacks = [
                .init(
                    kind: .kicked, count: 1, links: 10, fromSeconds: 1, untilSeconds: 2, ratePerSecond: 50,
                    isMember: true)
            ]
        }
        #expect(try fired(.rejectsTheUnknown, in: kicked).contains(.score))
    }

    @Test func servingWhoIsNoMemberIsFound() throws {
        let kicked = SmallWorld.calm {
            $0.isPrivate = true
            $0.attacks = [.init(kind: .kicked, count: 1, links: 10, fromSeconds: 1, isMember: true)]
        }
        #expect(try fired(.forgetsMembers, in: kicked).contains(.membership))
    }

    @Test func storingForWhoIsNoMemberIsFound() throws {
        let kicked = SmallWorld.calm {
            $0.attacks = [.init(kind: .kicked, count: 1, links: 10, fromSeconds: 1, isMember: true)]
        }
        #expect(try fired(.storesForStrangers, in: kicked).contains(.membership))
    }

    @Test func feedingWhoIsGraylistedIsFound() throws {
        let forged = SmallWorld.calm {
            $0.attacks = [.init(kind: .forgedFlood, count: 2, links: 10)]
        }
        #expect(try fired(.feedsGraylisted, in: forged) == [.sends])
    }
}
