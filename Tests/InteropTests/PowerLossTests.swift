import Foundation
import Testing

/// Power that fails at any change to the disk; `Tests/Support/powerloss` says how that is done.
@Suite(.serialized) struct PowerLossTests {
    @Test func shimLosesExactlyWhatWasNotSynced() async throws {
        try await self.withShim { shim in
            let status = try await Program.run(
                "python3", ["-B", "Tests/Support/powerloss/shim_check.py", shim])
            #expect(status == 0)
        }
    }

    @Test func nothingPrintedIsLostWithThePower() async throws {
        try await self.withShim { shim in
            let status = try await Program.run(
                "python3", ["-B", "Tests/Support/powerloss/run.py", Program.descord.path, shim])
            #expect(status == 0)
        }
    }

    /// Compiles the library, and takes it away afterwards.
    private func withShim(_ body: (String) async throws -> Void) async throws {
        let shim = Program.temporaryFile(".so")
        defer { try? FileManager.default.removeItem(at: shim) }  // one that was never built is as good
        #expect(try await Program.run("Scripts/build-powerloss", [shim.path]) == 0)
        try await body(shim.path)
    }
}
