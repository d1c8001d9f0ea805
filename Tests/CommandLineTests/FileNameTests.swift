import DescordCore
import Testing

@testable import DescordCLI

/// What files of others are called on this disk.
@Suite struct FileNameTests {
    private let hash = FileHash(of: [1])

    private func file(_ name: String) throws -> FileReference {
        try #require(FileReference(name: name, size: 1, hash: self.hash))
    }

    @Test(arguments: [
        ("report.pdf", "report.pdf"), ("Ärger_2-b.tar.gz", "Ärger_2-b.tar.gz"),
        ("two words.txt", "two_words.txt"), ("日本.txt", "日本.txt"), ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"), ("a/b", "b"), (String(repeating: "n", count: 100), nil),
    ])
    func plainNamesAreKept(name: String, written: String?) throws {
        #expect(SafeFileName.of(try self.file(name)) == written ?? name)
    }

    @Test(arguments: [
        "../../.bashrc", ".bashrc", "..", ".", "", "/", "a/", "-rf", "$(touch x)", "a;b", "a\nb", "a\0b",
        "a\u{1b}[31m", "\u{202e}exe.txt", "a\u{301}", "a\u{200d}b", "*", "a b\tc", "C:", "\u{1f600}",
        String(repeating: "n", count: 101), String(repeating: "é", count: 51),
    ])
    func namesThatAreNotPlainAreReplaced(name: String) throws {
        #expect(SafeFileName.of(try self.file(name)) == "file-" + self.hash.hex.prefix(16))
    }

    @Test func oneNameTwiceGetsANumber() throws {
        let names = try ["a.txt", "b/a.txt", "2-a.txt", ".x", ".y"].map { try self.file($0) }
        let three = try ["3-a.txt", "a.txt", "a.txt"].map { try self.file($0) }
        #expect(SafeFileName.of(three) == ["3-a.txt", "a.txt", "3-3-a.txt"])
        let hashed = "file-" + String(self.hash.hex.prefix(16))
        #expect(
            SafeFileName.of(names) == ["a.txt", "2-a.txt", "3-2-a.txt", hashed, "5-\(hashed)"])
    }
}
