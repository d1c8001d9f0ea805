import DescordCore
import Foundation
import GRDB
import LibP2PCore

// MARK: - What content operations do to the message that they are about

extension Ingestion {
    /// Brings a message up to date after an operation upon it came into force, went out of it, or got its
    /// content: when it is deleted, its text and that of its edits leave the disk; else the index holds the
    /// text that counts.
    mutating func refreshMessage(of act: DescordCore.Operation) throws {
        guard act.kind == .messageEdit || act.kind == .messageDelete, let target = act.header.target else {
            return
        }
        try self.refreshMessage(target)
    }

    /// Likewise, for the message itself: when its content came after what was done to it.
    mutating func refreshMessage(_ target: OperationID) throws {
        if try MessageActs.isDeleted(target, self.db) {
            for id in try MessageActs.edits(of: target, self.db) + [target] {
                guard let number = try Store.purgeContent(of: id, self.db) else { continue }
                self.words.remove(number)
                self.hasPurged = true
            }
            return
        }
        guard
            let found = try self.db.row("SELECT n, content FROM operations WHERE id = ?", [target.data]),
            let content = found["content"] as Data?
        else { return }
        let edit = try MessageActs.winningEdit(of: target, self.db)
        let text = edit?.text ?? MessagePost(decoding: Array(content))?.text
        if let text { self.words.update(text, of: found["n"]) }
    }

    /// Enters what a message brings along, its words and its files: of one that was just stored, or (with
    /// `isNew` false) of one of which something may be there.
    mutating func enterMessage(
        _ operation: DescordCore.Operation, _ number: Int64, isNew: Bool
    ) throws {
        guard let post = operation.payload(MessagePost.self) else { return }
        try FileTable.enter(post.files, of: number, self.db)
        if isNew {
            self.words.insert(post.text, of: number)
        } else {
            self.words.update(post.text, of: number)
        }
        if self.words.isFull { try self.words.save(self.db) }
    }

    /// Whether content of this operation may be stored: not that of a message that was deleted, nor of an
    /// edit of one.
    func takesContent(of operation: DescordCore.Operation) throws -> Bool {
        switch operation.kind {
        case .messagePost: return try !MessageActs.isDeleted(operation.id, self.db)
        case .messageEdit:
            return try !(operation.header.target.map { try MessageActs.isDeleted($0, self.db) } ?? false)
        default: return true
        }
    }

    /// Ends what purging began, once for the whole transaction.
    func finishPurging() throws {
        guard self.hasPurged else { return }
        try MessageWords.mergeDeletions(self.db)
        try self.db.run("INSERT OR REPLACE INTO settings VALUES (?, '1')", [Store.purgeIsDue])
    }
}
