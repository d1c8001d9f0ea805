import Foundation
import GRDB
import LibP2PCore

/// The tables of `descord.db`, as a list of steps that only grows; `PRAGMA user_version` counts those that
/// are done.
enum Schema {
    /// The steps, oldest first. A released step never changes.
    static let steps: [String] = [first, second, authority, scripts, content, files, words]

    /// The version that this program writes.
    static var version: Int { self.steps.count }

    /// Refuses a newer database and brings an older one up to date; cheap when there is nothing to do.
    static func prepare(_ db: Database) throws {
        guard try self.found(db) < self.version else { return }
        // Another process may be doing the same: look again once nobody else can.
        try db.inTransaction(.immediate) {
            for step in try self.found(db)..<self.version {
                try db.execute(sql: self.steps[step])
            }
            // What a step adds that follows from the operations is filled in from these.
            if try db.exists("SELECT 1 FROM spaces") {
                try Rebuild.all(
                    db, now: WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)))
            }
            try db.execute(sql: "PRAGMA user_version = \(self.version)")
            return .commit
        }
    }

    /// Whether the database has every step already; refuses a newer one.
    static func isCurrent(_ db: Database) throws -> Bool {
        try self.found(db) == self.version
    }

    private static func found(_ db: Database) throws -> Int {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found <= self.version else {
            throw StoreError.newerVersion(found: found, supported: self.version)
        }
        return found
    }

    /// Ids and keys are blobs of 32 bytes, times milliseconds since 1970, `n` this database's own numbers.
    private static let first = """
        CREATE TABLE spaces (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id BLOB NOT NULL UNIQUE,
            name TEXT NOT NULL,
            creator BLOB,
            is_public INTEGER NOT NULL DEFAULT 0,
            state INTEGER NOT NULL,
            invite BLOB,
            began_at INTEGER NOT NULL,
            joined_at INTEGER,
            fingerprint BLOB NOT NULL,
            authority_count INTEGER NOT NULL DEFAULT 0,
            budget TEXT
        );
        CREATE TABLE operations (
            n INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            space INTEGER NOT NULL REFERENCES spaces (n),
            author BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            clock INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            channel BLOB,
            links BLOB NOT NULL,
            authority_index INTEGER,
            past BLOB,
            state INTEGER NOT NULL,
            size INTEGER NOT NULL,
            arrival INTEGER UNIQUE,
            received_at INTEGER NOT NULL,
            admitted_at INTEGER,
            release_at INTEGER,
            gossip_seqno INTEGER,
            envelope BLOB NOT NULL,
            salt BLOB,
            content BLOB
        );
        CREATE INDEX operations_chain ON operations (space, author, sequence);
        CREATE INDEX operations_messages ON operations (space, channel, clock, id) WHERE kind = 2000
            AND state = 0;
        CREATE INDEX operations_order ON operations (space, clock, id);
        CREATE INDEX operations_authority ON operations (space, author, sequence) WHERE kind < 1000;
        CREATE INDEX operations_unsettled ON operations (space, author, size) WHERE state IN (1, 2);
        CREATE INDEX operations_held ON operations (release_at) WHERE state = 2;
        CREATE TABLE pending_links (
            parent BLOB NOT NULL,
            child INTEGER NOT NULL REFERENCES operations (n) ON DELETE CASCADE,
            PRIMARY KEY (parent, child)
        ) WITHOUT ROWID;
        CREATE INDEX pending_links_child ON pending_links (child);
        CREATE TABLE heads (
            space INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (space, id)
        ) WITHOUT ROWID;
        CREATE TABLE tips (
            space INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (space, id)
        ) WITHOUT ROWID;
        CREATE TABLE admissions (
            n INTEGER PRIMARY KEY REFERENCES operations (n) ON DELETE CASCADE,
            space INTEGER NOT NULL, member BLOB NOT NULL, request BLOB NOT NULL
        );
        CREATE INDEX admissions_member ON admissions (space, member);
        CREATE INDEX admissions_request ON admissions (request);
        CREATE TABLE requests (
            n INTEGER PRIMARY KEY REFERENCES operations (n) ON DELETE CASCADE,
            id BLOB NOT NULL UNIQUE, space INTEGER NOT NULL, invite BLOB
        );
        CREATE INDEX requests_invite ON requests (invite);
        CREATE TABLE departures (
            n INTEGER PRIMARY KEY REFERENCES operations (n) ON DELETE CASCADE,
            space INTEGER NOT NULL, member BLOB NOT NULL
        );
        CREATE INDEX departures_member ON departures (space, member);
        CREATE TABLE revocations (
            n INTEGER PRIMARY KEY REFERENCES operations (n) ON DELETE CASCADE,
            space INTEGER NOT NULL, invite BLOB NOT NULL
        );
        CREATE INDEX revocations_invite ON revocations (invite);
        CREATE TABLE forks (
            space INTEGER NOT NULL, author BLOB NOT NULL, sequence INTEGER NOT NULL,
            PRIMARY KEY (space, author, sequence)
        ) WITHOUT ROWID;
        CREATE TABLE budgets (
            space INTEGER NOT NULL, author BLOB NOT NULL, used INTEGER NOT NULL, updated INTEGER NOT NULL,
            total_bytes INTEGER NOT NULL, control_bytes INTEGER NOT NULL, PRIMARY KEY (space, author)
        ) WITHOUT ROWID;
        CREATE TABLE refused (
            id BLOB PRIMARY KEY, space INTEGER NOT NULL, until INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX refused_until ON refused (space, until);
        CREATE TABLE outbox (
            n INTEGER PRIMARY KEY REFERENCES operations (n) ON DELETE CASCADE,
            queued_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, last_attempt INTEGER,
            last_error TEXT
        );
        CREATE TABLE receipts (
            n INTEGER NOT NULL REFERENCES operations (n) ON DELETE CASCADE,
            member BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (n, member)
        ) WITHOUT ROWID;
        CREATE TABLE addresses (
            peer BLOB NOT NULL, address BLOB NOT NULL, source INTEGER NOT NULL, added INTEGER NOT NULL,
            last_success INTEGER, last_failure INTEGER, failures INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (peer, address)
        ) WITHOUT ROWID;
        CREATE TABLE peer_records (
            peer BLOB PRIMARY KEY, sequence INTEGER NOT NULL, envelope BLOB NOT NULL,
            received INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE agents (
            peer BLOB PRIMARY KEY, agent TEXT NOT NULL, seen INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE backoffs (
            topic TEXT NOT NULL, peer BLOB NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (topic, peer)
        ) WITHOUT ROWID;
        CREATE TABLE metrics (
            topic TEXT NOT NULL, name TEXT NOT NULL, minute INTEGER NOT NULL, value INTEGER NOT NULL,
            PRIMARY KEY (topic, name, minute)
        ) WITHOUT ROWID;
        CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        """

    /// What is held against peers, from run to run.
    private static let second = """
        CREATE TABLE scores (
            peer BLOB PRIMARY KEY, expires INTEGER NOT NULL, behaviour_penalty REAL NOT NULL,
            topics TEXT NOT NULL
        ) WITHOUT ROWID;
        """

    /// Whom or what authority operations are about, and on what they rest; the order in which operations were
    /// settled here.
    private static let authority = """
        ALTER TABLE operations ADD COLUMN settled INTEGER;
        CREATE UNIQUE INDEX operations_settled ON operations (settled);
        CREATE TABLE acts (
            n INTEGER PRIMARY KEY REFERENCES operations (n) ON DELETE CASCADE,
            space INTEGER NOT NULL, kind INTEGER NOT NULL, subject BLOB, bases BLOB, rank INTEGER
        );
        CREATE INDEX acts_subject ON acts (space, subject, kind);
        CREATE INDEX acts_kind ON acts (space, kind);
        """
}
