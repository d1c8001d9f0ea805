import Foundation

/// A program of this repository that is no part of the build: a script, or a Python driver of the binary.
enum Program {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The `descord` of the same build as these tests: it lies beside them.
    static var descord: URL {
        if let path = ProcessInfo.processInfo.environment["DESCORD_BINARY"] { return URL(filePath: path) }
        return URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "descord")
    }

    /// Returns a name in the temporary folder that nobody else uses.
    static func temporaryFile(_ suffix: String) -> URL {
        FileManager.default.temporaryDirectory.appending(path: "descord-\(UUID().uuidString)\(suffix)")
    }

    /// Runs a program, found as a shell would, to its end; what it says goes to our own streams as it comes.
    static func run(_ name: String, _ arguments: [String]) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.currentDirectoryURL = Self.root
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                ended.resume(throwing: error)
            }
        }
        return process.terminationStatus
    }
}
