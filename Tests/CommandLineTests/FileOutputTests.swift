import DescordCore
import Foundation
import Testing

@testable import DescordCLI

/// Files are there whole or not at all, whatever stands in the way of their writing.
@Suite final class FileOutputTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
    private let bytes: [UInt8] = [1, 2, 3]

    init() throws {
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: self.folder)  // what is left in /tmp goes away in time
    }

    private func write(replaces: Bool = false) throws {
        let file = try #require(FileReference(name: "f", size: 3, hash: FileHash(of: self.bytes)))
        try FileOutput(path: self.path("f"), replaces: replaces).write(self.bytes, of: file)
    }

    private func path(_ name: String) -> String { self.folder.appending(path: name).path }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.folder.path).sorted()
    }

    @Test func whatIsWrittenHasItsNameAndNothingElseIsLeft() throws {
        try self.write()
        #expect(FileManager.default.contents(atPath: self.path("f")) == Data(self.bytes))
        #expect(try self.names() == ["f"])
    }

    @Test func linkInTheWayIsNeitherFollowedNorReplacedUnasked() throws {
        try Data("theirs".utf8).write(to: self.folder.appending(path: "theirs"))
        try FileManager.default.createSymbolicLink(
            atPath: self.path("f"), withDestinationPath: self.path("theirs"))
        let error = #expect(throws: CommandError.self) { try self.write() }
        #expect(error?.code == .fileExists)
        try self.write(replaces: true)
        #expect(FileManager.default.contents(atPath: self.path("theirs")) == Data("theirs".utf8))
        #expect(FileManager.default.contents(atPath: self.path("f")) == Data(self.bytes))
        #expect(try self.names() == ["f", "theirs"])
    }

    @Test func linkThatLeadsNowhereIsNotWrittenThrough() throws {
        try FileManager.default.createSymbolicLink(
            atPath: self.path("f"), withDestinationPath: self.path("nowhere"))
        #expect(throws: CommandError.self) { try self.write() }
        #expect(try self.names() == ["f"])
    }

    /// A process that was killed leaves its temporary file, and its number comes again.
    @Test func whatAKilledProcessOfThisNumberLeftIsInNobodysWay() throws {
        let left = ".descord-\(getpid())-\(FileHash(of: self.bytes).hex.prefix(16))"
        try Data("half".utf8).write(to: self.folder.appending(path: left))
        try self.write()
        #expect(try self.names() == [left, "f"])
    }

    @Test func neitherIsWhatIsLeftOfASetting() throws {
        let settings = self.path("config.json")
        try Data("{".utf8).write(to: URL(filePath: "\(settings).new-\(getpid())"))
        var file = try ConfigurationFile(path: settings)
        file.set("timeout", to: .integer(4))
        try file.write()
        #expect(try ConfigurationFile(path: settings)["timeout"] == .integer(4))
        #expect(try self.names() == ["config.json"])
    }
}
