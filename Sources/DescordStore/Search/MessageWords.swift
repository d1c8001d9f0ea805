import DescordCore
import Foundation
import GRDB

/// The index of messages' words.
enum MessageWords {
    /// `message_text(content)`: the text of a message's encoded content, nil when it is none.
    static let textFunction = DatabaseFunction("message_text", argumentCount: 1, pure: true) { values in
        Data.fromDatabaseValue(values[0]).flatMap { MessagePost(decoding: Array($0)) }
            .map { Self.entry(of: $0.text) }
    }

    /// What the index holds of a text. SQLite's texts end at a NUL, and others may write one: a space stands
    /// in its place, so that nothing hides behind it.
    static func entry(of text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? " " : $0 }))
    }

    /// Enters a message of which nothing is in the index, in the caller's transaction.
    static func insert(_ text: String, of number: Int64, _ db: Database) throws {
        try PreparedStatement(db, "INSERT INTO message_words (rowid, text) VALUES (?, ?)").run { values in
            values.append(number)
            values.append(Self.entry(of: text))
        }
    }

    /// Replaces what is found of a message, in the caller's transaction: after an edit, its new text.
    static func update(_ text: String, of number: Int64, _ db: Database) throws {
        if let found = try db.row("SELECT text FROM message_words WHERE rowid = ?", [number]) {
            guard (found["text"] as String?) != self.entry(of: text) else { return }
            try db.run("DELETE FROM message_words WHERE rowid = ?", [number])
        }
        try self.insert(text, of: number, db)
    }

    /// Takes a message out of the index, in the caller's transaction, which `mergeDeletions` is to end.
    static func purge(_ number: Int64, _ db: Database) throws {
        // From 3.42 on (sqlite.org/fts5.html §6.10) an entry can be overwritten where it stands.
        if try self.overwritesEntries(db) {
            try db.execute(
                sql: "INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1)")
        }
        try db.run("DELETE FROM message_words WHERE rowid = ?", [number])
    }

    /// Takes what was purged out of the index' pages: before SQLite 3.42 it stays beside a mark of its
    /// deletion until the parts of the index are merged.
    static func mergeDeletions(_ db: Database) throws {
        guard try !self.overwritesEntries(db) else { return }
        try db.execute(sql: "INSERT INTO message_words (message_words) VALUES ('optimize')")
    }

    private static func overwritesEntries(_ db: Database) throws -> Bool {
        let version = try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? ""
        let parts = version.split(separator: ".").compactMap { Int($0) }
        return parts.lexicographicallyPrecedes([3, 42]) == false
    }
}
