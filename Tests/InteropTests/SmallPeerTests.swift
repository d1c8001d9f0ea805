import Foundation
import Testing

/// A second implementation, written in Python from `docs/protocol.md` alone: what holds with it holds for the
/// page.
@Suite(.serialized) struct SmallPeerTests {
    @Test func workedExampleIsWhatThePageSays() async throws {
        try await self.run("Tests/SmallPeer/worked_example.py")
    }

    @Test func smallPeersAgreeWithEachOther() async throws {
        try await self.run("Tests/SmallPeer/pair_check.py")
    }

    @Test func smallPeerAndDescordUnderstandEachOther() async throws {
        try await self.run("Tests/SmallPeer/run.py", "--descord", Program.descord.path)
    }

    /// Runs a program of the small peer's in the interop environment, which holds the library that it needs.
    private func run(_ program: String, _ arguments: String...) async throws {
        if let reason = ForeignPeer.reasonMissing {
            print("interop: skipped \(program): \(reason)")
            if ProcessInfo.processInfo.environment["CI"] == "true" {
                Issue.record("\(program) was skipped, which continuous integration does not allow: \(reason)")
            }
            return
        }
        let status = try await Program.run(ForeignPeer.python.path, ["-B", program] + arguments)
        #expect(status == 0, "\(program) ended with status \(status)")
    }
}
