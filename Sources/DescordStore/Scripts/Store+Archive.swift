import DescordCore
import Foundation
import GRDB

extension Store {
    /// What an export is told: how much there is, then one operation after another.
    public enum ArchivePart: Sendable {
        case beginning(name: String, count: Int)
        case operation(DescordCore.Operation)
    }

    /// Hands out every settled operation of a space but the invalid ones, as of one moment: each after all
    /// that it links to, otherwise by arrival, and what never came into force last.
    ///
    /// What waits or contradicts its links has no place behind them, and is left to synchronisation.
    public func archive(
        _ space: SpaceID, _ body: (ArchivePart) throws -> Void
    ) throws {
        try self.reader.read { db in
            guard let row = try SpaceRow.find(db, space), row.state == .joined else {
                throw StoreError.unknownSpace
            }
            let count =
                try db.integer(
                    "SELECT count(*) FROM operations WHERE space = ? AND state IN (0, 4, 5)", [row.number])
                ?? 0
            try body(.beginning(name: row.name, count: Int(count)))
            var walk = ArchiveWalk(db: db, space: row.number)
            let numbers = try Int64.fetchCursor(
                db,
                sql: """
                    SELECT n FROM operations WHERE space = ? AND state IN (0, 4, 5)
                    ORDER BY arrival IS NULL, arrival, clock, id
                    """, arguments: [row.number])
            while let number = try numbers.next() {
                try walk.visit(number) { operation in try body(.operation(operation)) }
            }
        }
    }
}

/// Puts what an operation links to before it. An operation whose content came late has a later arrival than
/// what follows it, and void ones have none.
private struct ArchiveWalk {
    let db: Database
    let space: Int64
    private var visited: Set<Int64> = []

    init(db: Database, space: Int64) {
        self.db = db
        self.space = space
    }

    mutating func visit(_ number: Int64, _ body: (DescordCore.Operation) throws -> Void) throws {
        guard !self.visited.contains(number) else { return }
        // By hand, because a chain can be longer than a stack is deep.
        var stack = [number]
        while let top = stack.last {
            if self.visited.contains(top) {
                stack.removeLast()
                continue
            }
            guard
                let row = try self.db.row(
                    "SELECT links, envelope, salt, content FROM operations WHERE n = ?", [top])
            else { preconditionFailure("the row was there in the same transaction") }
            var missing: [Int64] = []
            for link in SpaceEntry.links(row["links"]) {
                if let parent = try self.db.integer(
                    "SELECT n FROM operations WHERE id = ? AND space = ? AND state IN (0, 4, 5)",
                    [link.data, self.space]), !self.visited.contains(parent)
                {
                    missing.append(parent)
                }
            }
            guard missing.isEmpty else {
                stack += missing
                continue
            }
            stack.removeLast()
            self.visited.insert(top)
            if let operation = Operation(row) { try body(operation) }
        }
    }
}
