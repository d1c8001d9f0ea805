import Foundation
import GRDB
import LibP2PCore

/// What is held against a peer, so that it counts in a later run as well.
public struct StoredScore: Hashable, Sendable {
    /// What is held against it in one topic, by the names of gossipsub's counters.
    public struct Topic: Hashable, Sendable, Codable {
        public var name: String
        public var isHeldToMeshDeliveries: Bool
        public var meshMessageDeliveries: Double
        public var meshFailurePenalty: Double
        public var invalidMessageDeliveries: Double

        public init(
            name: String, isHeldToMeshDeliveries: Bool, meshMessageDeliveries: Double,
            meshFailurePenalty: Double, invalidMessageDeliveries: Double
        ) {
            self.name = name
            self.isHeldToMeshDeliveries = isHeldToMeshDeliveries
            self.meshMessageDeliveries = meshMessageDeliveries
            self.meshFailurePenalty = meshFailurePenalty
            self.invalidMessageDeliveries = invalidMessageDeliveries
        }
    }

    public var peer: PeerID
    public var expires: WallTime
    public var behaviourPenalty: Double
    public var topics: [Topic]

    public init(peer: PeerID, expires: WallTime, behaviourPenalty: Double, topics: [Topic]) {
        self.peer = peer
        self.expires = expires
        self.behaviourPenalty = behaviourPenalty
        self.topics = topics
    }
}

extension Store {
    /// Remembers scores, the newest of each peer; what is over is forgotten, and so are those that expire
    /// first of more than the router remembers.
    public func saveScores(_ scores: [StoredScore], at now: WallTime? = nil) throws(StoreError) {
        let now = (now ?? wallTime()).milliseconds
        try write { db in
            try db.run("DELETE FROM scores WHERE expires <= ?", [now])
            for score in scores where score.expires.milliseconds > now {
                let topics = try JSONEncoder().encode(score.topics)
                try db.run(
                    "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?)",
                    [
                        score.peer.data, score.expires.milliseconds, score.behaviourPenalty,
                        String(decoding: topics, as: UTF8.self),
                    ])
            }
            try db.run(
                """
                DELETE FROM scores WHERE peer NOT IN
                    (SELECT peer FROM scores ORDER BY expires DESC, peer LIMIT ?)
                """, [scoreCountMax])
        }
    }

    /// The scores that are not over, by peer.
    public func scores(at now: WallTime? = nil) throws(StoreError) -> [StoredScore] {
        let now = (now ?? wallTime()).milliseconds
        return try read { db in
            try db.rows("SELECT * FROM scores WHERE expires > ? ORDER BY peer", [now]).compactMap { row in
                guard let peer = PeerID(bytes: row["peer"] as Data) else { return nil }
                let topics = try JSONDecoder().decode(
                    [StoredScore.Topic].self, from: Data((row["topics"] as String).utf8))
                return StoredScore(
                    peer: peer, expires: WallTime(milliseconds: row["expires"]),
                    behaviourPenalty: row["behaviour_penalty"], topics: topics)
            }
        }
    }
}

/// As many as a router remembers.
private let scoreCountMax = 8_192
