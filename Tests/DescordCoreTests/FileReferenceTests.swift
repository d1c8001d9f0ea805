import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

/// What a message says of its files.
@Suite struct FileReferenceTests {
    private func encoded(_ files: [PBFileReference]) -> [UInt8] {
        var message = PBMessagePost()
        message.text = ""
        message.files = files
        return message.octets
    }

    private func reference(name: String = "a", size: UInt64 = 1, hash: Int = 32) -> PBFileReference {
        var file = PBFileReference()
        file.name = name
        file.size = size
        file.hash = .init(octets: [UInt8](repeating: 1, count: hash))
        return file
    }

    @Test func messageKeepsItsFilesInOrderAndNeedsNoText() throws {
        let files = (0..<8).map { FileReference.to([UInt8($0)], name: "file \($0)") }
        let message = MessagePost(text: "", files: files)
        let decoded = try #require(MessagePost(decoding: message.encoded))
        #expect(decoded.files == files && decoded.text.isEmpty)
        #expect(MessagePost(decoding: MessagePost(text: "hello").encoded)?.files == [])
    }

    /// Field 4: name, size and hash; what a message without it says stays as it was.
    @Test func fieldsHaveTheirNumbers() {
        let hash = FileHash(of: [97])
        let file = FileReference(name: "a", size: 1, hash: hash)!
        #expect(
            MessagePost(text: "t", files: [file]).encoded
                == [10, 1, 116, 34, 39, 10, 1, 97, 16, 1, 26, 32] + hash.bytes)
        #expect(MessagePost(text: "t").encoded == [10, 1, 116])
    }

    @Test func boundsAreChecked() {
        #expect(MessagePost(decoding: self.encoded([self.reference()])) != nil)
        let largest = self.reference(name: String(repeating: "n", count: 256), size: 8_388_608)
        #expect(MessagePost(decoding: self.encoded([largest])) != nil)
        let nine = [PBFileReference](repeating: self.reference(), count: 9)
        #expect(MessagePost(decoding: self.encoded(nine)) == nil)
        let wrong = [
            self.reference(name: String(repeating: "n", count: 257)), self.reference(size: 8_388_609),
            self.reference(size: .max), self.reference(hash: 31), self.reference(hash: 33),
            PBFileReference(),
        ]
        for file in wrong { #expect(MessagePost(decoding: self.encoded([file])) == nil) }
    }
}
