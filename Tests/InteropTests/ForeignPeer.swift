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

    /// What keeps a run from starting.
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    let name: String

    /// Why the foreign peers cannot be started here; nil when they can.
    static var reasonMissing: String? {
        if let reason = ProcessInfo.processInfo.environment["DESCORD_INTEROP_MISSING"] { return reason }
        let needed = [self.p2pd, self.python].filter {
            !FileManager.default.isExecutableFile(atPath: $0.path)
        }
        return needed.isEmpty ? nil : "run Scripts/interop-setup: no \(needed.map(\.path))"
    }

    private static var p2pd: URL { self.root.appending(path: ".interop/p2pd") }
    private static var python: URL { self.root.appending(path: ".interop/venv/bin/python") }

    /// The binary of the same build as these tests: it lies beside them.
    private static var descord: URL {
        if let path = ProcessInfo.processInfo.environment["DESCORD_BINARY"] { return URL(filePath: path) }
        return URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "descord")
    }

    /// Runs every scenario with this peer; its lines go to our standard output as they come.
    func run() async throws -> Report {
        let file = FileManager.default.temporaryDirectory.appending(path: "interop-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }  // a file that was never written is as good
        let process = Process()
        process.executableURL = Self.python
        process.arguments = [
            "-B", Self.root.appending(path: "Tests/Interop/run.py").path, "--peer", self.name,
            "--p2pd", Self.p2pd.path, "--descord", Self.descord.path, "--report", file.path,
        ]
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        guard let data = try? Data(contentsOf: file) else {
            throw Unavailable(description: "\(self.name) left no report: status \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(Report.self, from: data)
    }
}
