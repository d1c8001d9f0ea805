import DescordCore
import DescordCrypto

/// Whether the operations of a file are one whole history: each after everything that it links to.
struct ArchiveCheck {
    private struct Seen {
        var author: Ed25519.PublicKey
        var sequence: UInt64
        var clock: HybridLogicalClock
    }

    private var seen: [OperationID: Seen] = [:]
    private var authors: Set<Ed25519.PublicKey> = []
    /// Operations without repetitions.
    var count: Int { self.seen.count }
    var authorCount: Int { self.authors.count }
    /// Operations whose content was deleted.
    private(set) var headerOnlyCount = 0

    /// Takes the next operation, whose signature was verified; returns what is wrong with its place.
    mutating func take(_ operation: Operation) -> String? {
        guard self.seen[operation.id] == nil else { return nil }
        if self.seen.isEmpty, !operation.isGenesis { return "the first operation does not make the space" }
        let header = operation.header
        for link in header.links {
            guard let parent = self.seen[link] else { return "it follows an operation that is not above it" }
            guard header.clock > parent.clock else { return "its clock is not after those of its links" }
        }
        if let previous = header.previous.flatMap({ self.seen[$0] }) {
            guard previous.author == operation.author, previous.sequence + 1 == header.sequence else {
                return "its number does not follow its author's chain"
            }
        }
        self.seen[operation.id] = Seen(
            author: operation.author, sequence: header.sequence, clock: header.clock)
        self.authors.insert(operation.author)
        if operation.isHeaderOnly { self.headerOnlyCount += 1 }
        return nil
    }
}
