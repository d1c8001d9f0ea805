import DescordCore
import GRDB

/// The messages whose words are to be entered into the index, once for a whole transaction.
///
/// SQLite writes the index out whenever another statement follows that may have to be undone, so that words
/// entered with each message would cost more than everything else that is stored of it.
struct WordChanges {
    /// Bytes of text that are entered at once: a rebuild enters everything.
    private static let maxSize = 1 << 20
    /// About what an entry takes beside its text.
    private static let entrySize = 64

    private var texts: [Int64: String] = [:]
    /// Of which nothing is in the index yet.
    private var added: Set<Int64> = []
    /// About the bytes that all of it takes.
    private var size = 0

    var isFull: Bool { self.size >= Self.maxSize }

    /// Enters the text of a message that was just stored.
    mutating func insert(_ text: String, of number: Int64) {
        self.update(text, of: number)
        self.added.insert(number)
    }

    /// Enters the text that counts now of a message that was stored before.
    mutating func update(_ text: String, of number: Int64) {
        self.texts[number] = text
        self.size += text.utf8.count + Self.entrySize
    }

    /// Forgets a message whose text is purged.
    mutating func remove(_ number: Int64) {
        self.texts[number] = nil
        self.added.remove(number)
    }

    /// Writes what changed.
    mutating func save(_ db: Database) throws {
        for (number, text) in self.texts.sorted(by: { $0.key < $1.key }) {
            if self.added.contains(number) {
                try MessageWords.insert(text, of: number, db)
            } else {
                try MessageWords.update(text, of: number, db)
            }
        }
        self.texts = [:]
        self.added = []
        self.size = 0
    }
}
