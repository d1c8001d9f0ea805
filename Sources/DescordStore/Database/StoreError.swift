import DescordCore
import GRDB

/// Why the store did not do what it was asked to.
public enum StoreError: Error, Hashable, Sendable {
    /// The database was written by a later version.
    case newerVersion(found: Int, supported: Int)
    /// The disk is full.
    case full
    /// The database is read-only, or its directory is.
    case readOnly
    /// The file is no database, or damaged.
    case corrupt(String)
    /// Another process held the database for longer than a minute.
    case busy
    /// Anything else that the database or the system says.
    case failed(String)
    /// The home has no such space, or has left it.
    case unknownSpace
    /// There is no such channel, invite or message in the space.
    case unknownTarget
    /// The state of the space does not permit it.
    case notPermitted
    /// Likewise, but the space's newest operations are so many seconds ahead of our clock, which is too far
    /// for anything to follow them: it may be permitted once their time has come.
    case clockBehind(seconds: Int64)
    /// Two operations of this key have one place in its chain: another home uses the same key.
    case forkedKey
    /// What was to be written makes no operation: too large, mostly.
    case operation(OperationFailure)
    /// The files of the space take as much room as they may.
    case filesFull
    /// The clock is at its end.
    case clockExhausted
    /// No name and no prefix fits.
    case unknownReference(String)
    /// More than one thing fits.
    case ambiguousReference(String, candidates: [ReferenceCandidate])

    /// A search query that the index does not understand.
    case badQuery

    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as OperationFailure: self = .operation(error)
        case let error as DatabaseError:
            switch (error.resultCode, error.extendedResultCode) {
            case (.SQLITE_FULL, _): self = .full
            // The shared memory beside the database could not grow.
            case (_, .SQLITE_IOERR_SHMSIZE): self = .full
            case (.SQLITE_READONLY, _), (.SQLITE_PERM, _), (.SQLITE_CANTOPEN, _): self = .readOnly
            case (.SQLITE_CORRUPT, _), (.SQLITE_NOTADB, _): self = .corrupt(error.description)
            case (.SQLITE_BUSY, _), (.SQLITE_LOCKED, _): self = .busy
            default: self = .failed(error.description)
            }
        default: self = .failed(String(describing: error))
        }
    }
}

/// One of the things that a short reference may mean.
public struct ReferenceCandidate: Hashable, Sendable {
    /// The whole id, or the whole peer id.
    public var id: String
    /// Its name, cleaned by whoever shows it.
    public var name: String?

    public init(id: String, name: String?) {
        self.id = id
        self.name = name
    }
}
