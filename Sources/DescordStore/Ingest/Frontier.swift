import DescordCore
import GRDB

/// The operations at the end of a graph, kept in a table of (space, id).
///
/// Most of a batch is linked to by what follows it in the same batch: what changed is kept here and written
/// once for all of it.
struct Frontier {
    private let table: String
    private var added: Set<OperationID> = []
    private var removed: Set<OperationID> = []

    /// The frontier in a table of this name.
    init(table: String) {
        self.table = table
    }

    /// Takes out what an operation links to.
    mutating func remove(_ links: [OperationID]) {
        for link in links where self.added.remove(link) == nil { self.removed.insert(link) }
    }

    /// Puts an operation in.
    mutating func insert(_ id: OperationID) {
        self.added.insert(id)
    }

    /// Writes what changed; nothing may be read from the table before.
    mutating func save(_ db: Database, space: Int64) throws {
        for id in self.removed.sorted() {
            try db.run("DELETE FROM \(self.table) WHERE space = ? AND id = ?", [space, id.data])
        }
        for id in self.added.sorted() {
            try db.run("INSERT INTO \(self.table) VALUES (?, ?)", [space, id.data])
        }
        self.removed = []
        self.added = []
    }
}
