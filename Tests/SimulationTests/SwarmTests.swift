import Foundation
import Testing

@testable import DescordSimulation

/// Worlds that the seed draws whole: size, topology, links, faults, attackers.
@Suite struct SwarmTests {
    /// How many seeds are run for each unit of `SCALE`; without optimisation a fiftieth, which is what one
    /// waits for while working.
    private static let seedsPerScale = SmallWorld.isUnoptimised ? 20 : 1_000

    private static let environment = ProcessInfo.processInfo.environment

    /// The first seed of this run: `SEED`; else 1, so that whoever builds a commit sees the same; in long
    /// runs what the clock says, so that no two are alike.
    private static let first =
        environment["SEED"].flatMap { UInt64($0) }
        ?? (scale == 1 ? 1 : UInt64(Date().timeIntervalSince1970 * 1_000))

    private static let scale = environment["SCALE"].flatMap { Int($0) } ?? 1

    /// How many failures are enough to stop for.
    private static let failuresMax = 10

    /// Every core runs its share of the seeds.
    @Test(.timeLimit(.minutes(600)))
    func noSeedBreaksAnything() async throws {
        let count = Self.seedsPerScale * Self.scale
        let seeds = Self.first..<(Self.first + UInt64(count))
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let failures = try await withThrowingTaskGroup(of: [String].self) { group in
            for core in 0..<cores {
                group.addTask {
                    try Self.failures(
                        of: stride(from: seeds.lowerBound + UInt64(core), to: seeds.upperBound, by: cores))
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        print("swarm: SEED=\(Self.first) SCALE=\(Self.scale) ran \(count), commit \(Self.commit)")
        #expect(
            failures.isEmpty, "at commit \(Self.commit): \n\(failures.joined(separator: "\n"))")
    }

    private static func failures(of seeds: some Sequence<UInt64>) throws -> [String] {
        var failures: [String] = []
        for seed in seeds {
            let figures = try SmallWorld.run(Swarm.scenario, seed: seed)
            guard figures.violationCount > 0 else { continue }
            let first = figures.violations.prefix(3).map { "\($0.checker): \($0.message)" }
            failures.append("SEED=\(seed): " + first.joined(separator: "; "))
            if failures.count == failuresMax { break }
        }
        return failures
    }

    /// The commit that the tree stands at.
    private static let commit: String = {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        let folder = URL(filePath: #filePath).deletingLastPathComponent().path
        git.arguments = ["git", "-C", folder, "describe", "--always", "--dirty"]
        let output = Pipe()
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return "unknown" }  // no git here
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        git.waitUntilExit()
        return text.isEmpty ? "unknown" : text.trimmingCharacters(in: .whitespacesAndNewlines)
    }()
}

/// The scenario of which nothing but the seed is known.
enum Swarm {
    static let scenario: Scenario = {
        var scenario = Scenario()
        scenario.name = "swarm"
        scenario.isSwarm = true
        return scenario
    }()
}
