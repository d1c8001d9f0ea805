import DescordCore
import DescordCrypto
import GRDB
import LibP2PCore

/// The statements that run for every operation that is taken in.
struct OperationStatements {
    private let find: PreparedStatement
    private let insert: PreparedStatement
    private let db: Database

    init(_ db: Database) throws {
        self.db = db
        self.find = try PreparedStatement(
            db, "SELECT n, state, content IS NULL FROM operations WHERE id = ?")
        self.insert = try PreparedStatement(
            db,
            """
            INSERT INTO operations (id, space, author, sequence, clock, kind, channel, target, links, state,
                size, received_at, envelope, salt, content, arrival, admitted_at, settled, past)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
    }

    /// What is stored of an operation.
    struct Found {
        let number: Int64
        let state: OperationState?
        let hasContent: Bool
    }

    /// Where an operation stands that comes into force when it is stored.
    struct Place {
        let arrival: Int64
        let settled: Int64
        let past: AuthorityPast
    }

    func find(_ id: OperationID) throws -> Found? {
        try self.find.first { values in
            values.append(id.bytes)
        } read: { row in
            Found(
                number: row.integer(0), state: OperationState(rawValue: Int(row.integer(1))),
                hasContent: row.integer(2) == 0)
        }
    }

    /// Writes an operation's row and returns its number.
    func insert(
        _ operation: DescordCore.Operation, _ state: OperationState, at place: Place?, inSpace space: Int64,
        now: WallTime
    ) throws -> Int64 {
        let header = operation.header
        try self.insert.run { values in
            values.append(operation.id.bytes)
            values.append(space)
            values.append(operation.author.bytes)
            values.append(Int64(bitPattern: header.sequence))
            values.append(Int64(bitPattern: header.clock.rawValue))
            values.append(Int64(header.kind.rawValue))
            values.append(header.channel?.bytes)
            values.append(header.target?.bytes)
            values.append(header.links.flatMap(\.bytes))
            values.append(Int64(state.rawValue))
            values.append(Int64(operation.encodedSize))
            values.append(now.milliseconds)
            values.append(operation.envelope)
            values.append(operation.salt)
            values.append(operation.content)
            values.append(place?.arrival)
            values.append(place.map { _ in now.milliseconds })
            values.append(place?.settled)
            values.append(place?.past.encoded)
        }
        return self.db.lastInsertedRowID
    }
}
