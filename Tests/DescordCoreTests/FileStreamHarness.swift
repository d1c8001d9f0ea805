import DescordCrypto
import LibP2PCore

@testable import DescordCore

/// A home's files in memory: one space, its members, and what messages in force refer to.
final class MemoryFiles: FileDirectory {
    let space: SpaceID
    var members: Set<Ed25519.PublicKey>
    var content: [FileHash: [UInt8]] = [:]
    /// Files that are here and to which no message in force refers.
    var unreferred: Set<FileHash> = []

    init(space: SpaceID, members: Set<Ed25519.PublicKey>) {
        self.space = space
        self.members = members
    }

    func spaces() -> [SpaceID] { [self.space] }

    func isMember(_ key: Ed25519.PublicKey, of space: SpaceID) -> Bool {
        space == self.space && self.members.contains(key)
    }

    func size(of hash: FileHash, in space: SpaceID) -> Int? {
        guard space == self.space, !self.unreferred.contains(hash) else { return nil }
        return self.content[hash]?.count
    }

    func read(_ hash: FileHash, from offset: Int, count: Int) -> [UInt8]? {
        self.content[hash].map { Array($0[offset..<min(offset + count, $0.count)]) }
    }
}

/// Both ends of a stream of files in memory, and what each says.
struct FilePair: ~Copyable {
    var fetch: FileFetch
    var service: FileService
    var fetched: [FileFetch.Event] = []
    var served: [FileService.Event] = []

    init(_ assembly: FileAssembly, _ files: MemoryFiles, asking: Ed25519.PublicKey, of space: SpaceID? = nil)
    {
        let responder = person(9).publicKey
        self.fetch = FileFetch(
            assembly, of: space ?? files.space, initiator: asking, responder: responder,
            nonce: [UInt8](repeating: 7, count: 32))
        self.service = FileService(files, localKey: responder, remoteKey: asking)
    }

    /// Hands the request over, in pieces of `size`.
    mutating func ask(by size: Int = .max) {
        var rest = self.fetch.request[...]
        while !rest.isEmpty {
            self.service.received(rest.prefix(size), into: &self.served)
            rest = rest.dropFirst(size)
        }
    }

    /// Moves at most `limit` bytes of the answer, in pieces of `size`; returns how many.
    @discardableResult
    mutating func answer(by size: Int = 65_536, limit: Int = .max) -> Int {
        var moved = 0
        while self.service.hasOutbound, moved < limit {
            var bytes: [UInt8] = []
            self.service.takeOutbound(
                into: &bytes, maxBytes: min(size, limit - moved), events: &self.served)
            self.fetch.received(bytes, into: &self.fetched)
            moved += bytes.count
        }
        return moved
    }

    /// Stores what came, and says so.
    mutating func keep() {
        self.service.received(self.fetch.kept(), into: &self.served)
        self.service.remoteDidFinish(into: &self.served)
    }
}

/// The key of a numbered person.
func person(_ number: UInt8) -> Ed25519.PrivateKey {
    Ed25519.PrivateKey(seed: SecretBytes([UInt8](repeating: number, count: 32)))!
}

extension FileReference {
    /// Refers to bytes.
    static func to(_ bytes: [UInt8], name: String = "notes.txt") -> FileReference {
        FileReference(name: name, size: bytes.count, hash: FileHash(of: bytes))!
    }
}
