import Foundation
import Testing

/// A finished run of the binary.
struct CommandRun {
    let code: Int32
    let output: String
    let errors: String

    /// The lines of standard output.
    var lines: [String] { self.output.split(separator: "\n").map(String.init) }

    /// What `--json` printed: every line is an object.
    func objects() throws -> [[String: Any]] {
        try self.lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The one object of standard output.
    func object() throws -> [String: Any] {
        let objects = try self.objects()
        #expect(objects.count == 1)
        return try #require(objects.first)
    }

    /// The error object: the only line of standard error.
    func error() throws -> (code: String, message: String, hint: String?) {
        let lines = self.errors.split(separator: "\n")
        #expect(lines.count == 1)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data((lines.last ?? "").utf8)) as? [String: Any])
        let error = try #require(object["error"] as? [String: Any])
        #expect(Set(error.keys) == ["code", "message", "hint"])
        return (
            try #require(error["code"] as? String), try #require(error["message"] as? String),
            error["hint"] as? String
        )
    }
}

/// A home in a folder of its own, which goes away with it, and an environment that holds nothing else.
final class TestHome {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The `descord` of the same build as these tests: it lies beside them.
    static var binary: URL {
        if let path = ProcessInfo.processInfo.environment["DESCORD_BINARY"] { return URL(filePath: path) }
        return URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "descord")
    }

    let folder: URL
    var environment: [String: String]

    /// Makes a folder for a home; `keygen` makes the identity in it.
    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(
            path: "descord-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.environment = [
            "DESCORD_HOME": self.folder.appending(path: "home").path, "HOME": self.folder.path,
            "DESCORD_LISTEN": "/ip4/127.0.0.1", "DESCORD_NO_MDNS": "1", "PATH": "/usr/bin:/bin",
            "TERM": "xterm",
            "DESCORD_TIMEOUT": "1",
        ]
    }

    deinit {
        // What is left in the temporary folder harms nobody.
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// A home with an identity, and on wish a space with one channel.
    static func made(space: String? = nil, channel: String = "general") async throws -> TestHome {
        let home = try TestHome()
        try await home.succeed("keygen", "-q")
        if let space {
            try await home.succeed("space", "create", space)
            try await home.succeed("channel", "create", channel)
        }
        return home
    }

    var path: String { self.environment["DESCORD_HOME"] ?? "" }
    var key: String { self.path + "/key" }

    /// Runs the binary to its end.
    func run(
        _ arguments: String..., input: Data = Data(), environment more: [String: String?] = [:]
    ) async throws -> CommandRun {
        try await self.run(program: Self.binary, arguments, input: input, environment: more)
    }

    /// Runs it and expects exit code 0.
    @discardableResult
    func succeed(_ arguments: String..., input: String = "") async throws -> CommandRun {
        let run = try await self.run(program: Self.binary, arguments, input: Data(input.utf8))
        #expect(run.code == 0, "\(arguments): \(run.errors)")
        return run
    }

    /// Runs it on a terminal by the steps of `Tests/Support/terminal.py`, and returns what the terminal got.
    func terminal(_ steps: [(String, Any)], _ arguments: String...) async throws -> String {
        try await self.terminal(steps, program: [Self.binary.path] + arguments)
    }

    /// The same with any program, by its whole path, and its arguments.
    func terminal(
        _ steps: [(String, Any)], program: [String], environment more: [String: String?] = [:]
    ) async throws -> String {
        let scenario = try JSONSerialization.data(withJSONObject: steps.map { [$0.0, $0.1] })
        let run = try await self.run(
            program: URL(filePath: "/usr/bin/env"),
            [
                "python3", Self.root.appending(path: "Tests/Support/terminal.py").path,
                String(decoding: scenario, as: UTF8.self),
            ] + program, environment: more)
        #expect(run.code == 0, "\(run.errors)")
        return run.output
    }

    /// Runs any program in the environment of the home.
    func run(
        program: URL, _ arguments: [String], input: Data = Data(), environment more: [String: String?] = [:]
    ) async throws -> CommandRun {
        let name = UUID().uuidString
        let files = ["in", "out", "err"].map { self.folder.appending(path: "\(name).\($0)") }
        try input.write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = self.environment.merging(more.compactMapValues { $0 }) { $1 }
            .filter { !more.keys.contains($0.key) || more[$0.key] != .some(nil) }
        let source = try FileHandle(forReadingFrom: files[0])
        let outputs = try files[1...].map { try FileHandle(forWritingTo: $0) }
        process.standardInput = source
        process.standardOutput = outputs[0]
        process.standardError = outputs[1]
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                ended.resume(throwing: error)
            }
        }
        // A process object outlives its process, and Foundation waits for children with `select`, which does
        // not go beyond 1,024 descriptors.
        for handle in [source] + outputs { try handle.close() }
        let run = CommandRun(
            code: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
        for file in files { try FileManager.default.removeItem(at: file) }
        return run
    }
}
