import Foundation

/// The files of the repository, as far as they are or would be committed.
struct SourceTree {
    /// One file, with its path from the root and its text; nil text when it is not UTF-8.
    struct File: Sendable {
        let path: String
        let text: String?

        var name: String { String(self.path.split(separator: "/").last ?? "") }
        var isGenerated: Bool { self.name.hasSuffix(".pb.swift") }
        var lines: [Substring] { (self.text ?? "").split(separator: "\n", omittingEmptySubsequences: false) }

        /// The text of each line without comments and without what stands between quotation marks.
        var codeLines: [String] { SwiftLines.code(of: self.lines) }
    }

    /// The tree that this file was compiled from.
    static let current = SourceTree(
        root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent())

    let root: URL
    let files: [File]

    init(root: URL) {
        self.root = root
        let paths = Self.pathsKnownToGit(root) ?? Self.pathsOnDisk(root)
        self.files = paths.sorted().compactMap { path in
            guard let data = try? Data(contentsOf: root.appending(path: path)) else {
                return nil  // deleted, and not yet committed
            }
            return File(path: path, text: data.contains(0) ? nil : String(data: data, encoding: .utf8))
        }
    }

    /// Returns the Swift files under `folder` that a person wrote.
    func swift(under folder: String) -> [File] {
        self.files.filter { file in
            file.path.hasPrefix(folder) && file.name.hasSuffix(".swift") && !file.isGenerated
        }
    }

    /// Returns what git tracks, and what it would track; nil outside a repository.
    private static func pathsKnownToGit(_ root: URL) -> [String]? {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = [
            "git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
        ]
        let output = Pipe()
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }  // no git here: the disk has to do
        let listed = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0, !listed.isEmpty else { return nil }
        return Set(String(decoding: listed, as: UTF8.self).split(separator: "\0").map(String.init)).sorted()
    }

    /// Returns every file but those of the folders that builds make.
    private static func pathsOnDisk(_ root: URL) -> [String] {
        let built: Set<String> = [".build", ".git", ".interop", "__pycache__", "Package.resolved"]
        let everything = FileManager.default.enumerator(atPath: root.path)
        var paths: [String] = []
        while let path = everything?.nextObject() as? String {
            let isBuilt = path.split(separator: "/").contains { built.contains(String($0)) }
            let isFolder = everything?.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
            if !isBuilt, !isFolder { paths.append(path) }
        }
        return paths
    }
}

/// Tells code from comments and text, well enough for rules that look for words.
enum SwiftLines {
    static func code(of lines: [Substring]) -> [String] {
        var isInText = false
        return lines.map { line in
            let marks = line.components(separatedBy: "\"\"\"").count - 1
            defer { if marks % 2 == 1 { isInText.toggle() } }
            return isInText || marks > 0 ? "" : Self.code(of: line)
        }
    }

    private static func code(of line: Substring) -> String {
        var code = ""
        var isInText = false
        var isEscaped = false
        var previous: Character = " "
        for character in line {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isInText = false
                }
            } else if character == "\"" {
                isInText = true
            } else if character == "/", previous == "/" {
                return String(code.dropLast())
            } else {
                code.append(character)
            }
            previous = character
        }
        return code
    }
}

/// Returns `path:line: text` for every line of `files` that `isWrong` says is wrong.
func findings(
    in files: [SourceTree.File], code: Bool, where isWrong: (String) -> Bool
) -> [String] {
    files.flatMap { file in
        let lines = code ? file.codeLines : file.lines.map(String.init)
        return zip(1..., lines).compactMap { number, line in
            isWrong(line) ? "\(file.path):\(number): \(line.trimmingPrefix(while: \.isWhitespace))" : nil
        }
    }
}
