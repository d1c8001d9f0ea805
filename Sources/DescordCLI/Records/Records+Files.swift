import DescordCore
import DescordStore
import LibP2PCore

/// A file of a message.
package struct FileRow: Equatable, Sendable {
    package var reference: FileReference
    /// Whether its bytes are here.
    package var isHeld: Bool

    package init(reference: FileReference, isHeld: Bool) {
        self.reference = reference
        self.isHeld = isHeld
    }
}

extension Records {
    /// The message that a prefix names, its space, and its files.
    package func files(
        of reference: String
    ) throws(CommandError) -> (op: OperationID, space: SpaceID, files: [FileRow]) {
        let found = try self.explained { () throws(StoreError) in
            let op = try self.store.resolveOperation(reference, kind: .messagePost)
            return (op, try self.store.files(of: op))
        }
        guard let message = found.1 else {
            throw CommandError(
                .badInput, .unknownReference, "there is no message \"\(reference)\"",
                hint: "descord log --json")
        }
        return (found.0, message.space, try self.rows(message.files))
    }

    /// The same files as they are now.
    package func rows(_ files: [FileReference]) throws(CommandError) -> [FileRow] {
        try self.explained { () throws(StoreError) in
            var rows: [FileRow] = []
            for file in files {
                rows.append(FileRow(reference: file, isHeld: try self.store.holdsFile(file.hash)))
            }
            return rows
        }
    }

    /// The bytes of a file; nil when they are not here.
    package func bytes(of file: FileReference) throws(CommandError) -> [UInt8]? {
        try self.explained { () throws(StoreError) in
            try self.store.readFile(file.hash, from: 0, count: file.size)
        }
    }

    /// Whether a space has room for a file.
    package func hasRoom(for file: FileReference, in space: SpaceID) throws(CommandError) -> Bool {
        try self.explained { () throws(StoreError) in
            try self.store.hasRoom(forFileOf: file.size, in: space)
        }
    }
}

extension FileReference: JSONConvertible {
    /// The object of a message's `files`.
    package var json: JSONValue {
        [
            "name": .string(self.name), "size": .integer(Int64(self.size)), "hash": .string(self.hash.hex),
        ]
    }
}
