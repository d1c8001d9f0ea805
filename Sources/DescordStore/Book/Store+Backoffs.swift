import Foundation
import GRDB
import LibP2PCore

/// A topic that must not be grafted with a peer before a time; survives runs.
public struct StoredBackoff: Hashable, Sendable {
    public var topic: String
    public var peer: PeerID
    public var expires: WallTime

    public init(topic: String, peer: PeerID, expires: WallTime) {
        self.topic = topic
        self.peer = peer
        self.expires = expires
    }
}

extension Store {
    /// Remembers backoffs beside those of other runs, the later expiry of each; what is over is forgotten.
    public func saveBackoffs(_ backoffs: [StoredBackoff], at now: WallTime? = nil) throws(StoreError) {
        let now = (now ?? self.wallTime()).milliseconds
        try self.write { db in
            try db.run("DELETE FROM backoffs WHERE expires <= ?", [now])
            for backoff in backoffs where backoff.expires.milliseconds > now {
                try db.run(
                    """
                    INSERT INTO backoffs VALUES (?, ?, ?)
                    ON CONFLICT (topic, peer) DO UPDATE SET expires = max(expires, excluded.expires)
                    """, [backoff.topic, backoff.peer.data, backoff.expires.milliseconds])
            }
        }
    }

    /// The backoffs that are not over, sorted by topic and peer.
    public func backoffs(at now: WallTime? = nil) throws(StoreError) -> [StoredBackoff] {
        let now = (now ?? self.wallTime()).milliseconds
        return try self.read { db in
            try db.rows("SELECT * FROM backoffs WHERE expires > ? ORDER BY topic, peer", [now]).compactMap {
                row in
                PeerID(bytes: row["peer"] as Data).map {
                    StoredBackoff(
                        topic: row["topic"], peer: $0, expires: WallTime(milliseconds: row["expires"]))
                }
            }
        }
    }
}
