import Foundation

/// Starts `Tests/Interop/run.py`, which starts a foreign peer and drives it and the `descord` binary.
struct ForeignPeer {
    /// What a run reported of itself.
    struct Report: Decodable, Equatable {
        struct Counts: Decodable, Equatable {
            let name: String
            let sent: Int
            let received: Int
        }

        let passed: Int
        let failed: Int
        let peers: [Counts]
    }

    /// What keeps a run from ending as it should.
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    let name: String

    /// Why the foreign peers cannot be started here; nil when they can.
    static var reasonMissing: String? {
        if let reason = ProcessInfo.processInfo.environment["DESCORD_INTEROP_MISSING"] { return reason }
        let needed = [self.p2pd, self.python].filter {
            !FileManager.default.isExecutableFile(atPath: $0.path)
        }
        return needed.isEmpty ? nil : "run Scripts/interop-setup: no \(needed.map(\.path))"
    }

    private static var p2pd: URL { Program.root.appending(path: ".interop/p2pd") }
    static var python: URL { Program.root.appending(path: ".interop/venv/bin/python") }

    /// Runs every scenario with this peer.
    func run() async throws -> Report {
        try await self.run([])
    }

    /// Runs the long exchange with this peer: so many messages each way.
    func exchange(_ messages: Int) async throws -> Report {
        try await self.run(["--long", "--messages", "\(messages)"])
    }

    private func run(_ options: [String]) async throws -> Report {
        let file = Program.temporaryFile(".json")
        defer { try? FileManager.default.removeItem(at: file) }  // a file that was never written is as good
        let status = try await Program.run(
            Self.python.path,
            [
                "-B", "Tests/Interop/run.py", "--peer", self.name, "--p2pd", Self.p2pd.path,
                "--descord", Program.descord.path, "--report", file.path,
            ] + options)
        guard let data = try? Data(contentsOf: file) else {
            throw Unavailable(description: "\(self.name) left no report: status \(status)")
        }
        return try JSONDecoder().decode(Report.self, from: data)
    }
}
