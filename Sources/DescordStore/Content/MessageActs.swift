import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

/// What the operations in force have made of one message.
///
/// A function of these operations alone: a deletion wins over every edit; of the edits the last by clock,
/// then id; a reaction or a pin is there until an operation takes back that very one.
struct MessageActs {
    /// The edit that counts.
    var edit: MessageEdit?
    var isEdited = false
    var isDeleted = false
    /// Each reaction with the number of those who gave it, in the order of their first appearance.
    var reactions: [Reaction] = []
    var isPinned = false

    /// Reads what was done to a message.
    static func of(_ message: OperationID, _ db: Database) throws -> MessageActs {
        let rows = try db.rows(
            """
            SELECT id, author, kind, content FROM operations
            WHERE target = ? AND kind BETWEEN 2001 AND 2021 AND state = 0 ORDER BY clock, id
            """, [message.data])
        var acts = MessageActs()
        guard !rows.isEmpty else { return acts }
        var given: [OperationID: (author: Ed25519.PublicKey, emoji: String)] = [:]
        var order: [OperationID] = []
        var pins: Set<OperationID> = []
        var unpinned: Set<OperationID> = []
        for row in rows {
            guard let id = row.id("id"), let author = row.key("author"),
                let kind = OperationKind(rawValue: row["kind"])
            else { continue }
            let content = (row["content"] as Data?).map { Array($0) }
            switch kind {
            case .messageDelete: acts.isDeleted = true
            case .messageEdit:
                acts.isEdited = true
                acts.edit = content.flatMap { MessageEdit(decoding: $0) } ?? acts.edit
            case .reactionAdd:
                guard let emoji = content.flatMap({ ReactionAdd(decoding: $0) })?.emoji else { continue }
                given[id] = (author, emoji)
                order.append(id)
            case .pin: pins.insert(id)
            case .unpin: unpinned.formUnion(content.flatMap { Unpin(decoding: $0) }?.pins ?? [])
            default: break
            }
        }
        for row in rows where row["kind"] == OperationKind.reactionRemove.rawValue {
            let content = (row["content"] as Data?).map { Array($0) }
            for id in content.flatMap({ ReactionRemove(decoding: $0) })?.additions ?? []
            where given[id]?.author == row.key("author") {
                given[id] = nil
            }
        }
        var people: [String: Set<Ed25519.PublicKey>] = [:]
        for id in order {
            guard let (author, emoji) = given[id] else { continue }
            if people[emoji] == nil { acts.reactions.append(Reaction(emoji: emoji, count: 0)) }
            people[emoji, default: []].insert(author)
        }
        for place in acts.reactions.indices {
            acts.reactions[place].count = people[acts.reactions[place].emoji]?.count ?? 0
        }
        acts.isPinned = !pins.isSubset(of: unpinned)
        if acts.isDeleted {
            // Nothing is left to react to.
            acts.reactions = []
            acts.isPinned = false
        }
        return acts
    }

    /// Whether a deletion of a message is in force.
    static func isDeleted(_ message: OperationID, _ db: Database) throws -> Bool {
        try db.exists(
            "SELECT 1 FROM operations WHERE target = ? AND kind = 2002 AND state = 0", [message.data])
    }

    /// The edits of a message, in force or not.
    static func edits(of message: OperationID, _ db: Database) throws -> [OperationID] {
        try db.ids("SELECT id FROM operations WHERE target = ? AND kind = 2001 ORDER BY id", [message.data])
    }

    /// The edit whose text a message has.
    static func winningEdit(of message: OperationID, _ db: Database) throws -> MessageEdit? {
        try db.rows(
            """
            SELECT content FROM operations
            WHERE target = ? AND kind = 2001 AND state = 0 AND content IS NOT NULL
            ORDER BY clock DESC, id DESC
            """, [message.data]
        ).lazy.compactMap { (row: Row) in MessageEdit(decoding: Array(row["content"] as Data)) }.first
    }

    /// The additions of one reaction by one member that are in force and not taken back, oldest first.
    static func reactions(
        _ emoji: String, of author: Ed25519.PublicKey, to message: OperationID, _ db: Database
    ) throws -> [OperationID] {
        let rows = try db.rows(
            """
            SELECT id, kind, content FROM operations
            WHERE target = ? AND author = ? AND kind IN (2010, 2011) AND state = 0 ORDER BY clock, id
            """, [message.data, author.data])
        let contents = rows.map { row in (row, Array(row["content"] as Data? ?? Data())) }
        let removed = Set(
            contents.flatMap { row, bytes in
                row["kind"] == 2011 ? ReactionRemove(decoding: bytes)?.additions ?? [] : []
            })
        return contents.compactMap { row, bytes in
            row["kind"] == 2010 && ReactionAdd(decoding: bytes)?.emoji == emoji ? row.id("id") : nil
        }.filter { !removed.contains($0) }
    }

    /// The pins of a message that are in force and not taken back, oldest first.
    static func pins(of message: OperationID, _ db: Database) throws -> [OperationID] {
        let rows = try db.rows(
            """
            SELECT id, kind, content FROM operations
            WHERE target = ? AND kind IN (2020, 2021) AND state = 0 ORDER BY clock, id
            """, [message.data])
        let removed = Set(
            rows.flatMap { row in
                row["kind"] == 2021
                    ? Unpin(decoding: Array(row["content"] as Data? ?? Data()))?.pins ?? [] : []
            })
        return rows.compactMap { $0["kind"] == 2020 ? $0.id("id") : nil }.filter { !removed.contains($0) }
    }
}
