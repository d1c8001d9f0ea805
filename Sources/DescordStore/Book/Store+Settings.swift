import DescordCore
import GRDB
import LibP2PCore

extension Store {
    private static let space = "current_space"
    private static let port = "listen_port"

    /// What `space use` saved, while this home is a member of it.
    public func currentSpace() throws(StoreError) -> SpaceID? {
        guard let id = try self.setting(Self.space).flatMap({ SpaceID(hex: $0) }) else { return nil }
        return try self.read { db in
            try db.exists("SELECT 1 FROM spaces WHERE id = ? AND state = 1", [id.data]) ? id : nil
        }
    }

    /// Saves the current space.
    public func setCurrentSpace(_ id: SpaceID) throws(StoreError) {
        try self.setSetting(Self.space, id.hex)
    }

    /// What `channel use` saved for a space.
    public func currentChannel(in space: SpaceID) throws(StoreError) -> ChannelID? {
        try self.setting("current_channel.\(space.hex)").flatMap { ChannelID(hex: $0) }
    }

    /// Saves the current channel of a space.
    public func setCurrentChannel(_ id: ChannelID, in space: SpaceID) throws(StoreError) {
        try self.setSetting("current_channel.\(space.hex)", id.hex)
    }

    /// The port that this home listens on when it is free.
    public func listenPort() throws(StoreError) -> UInt16? {
        try self.setting(Self.port).flatMap { UInt16($0) }
    }

    /// Remembers a port, or, `unlessSet`, the first one alone: another may have been taken for a while only.
    public func rememberListenPort(_ port: UInt16, unlessSet: Bool = false) throws(StoreError) {
        try self.write { db in
            try db.run(
                "INSERT OR \(unlessSet ? "IGNORE" : "REPLACE") INTO settings VALUES (?, ?)",
                [Self.port, String(port)])
        }
    }

    /// Reads a setting that is nobody else's.
    public func setting(_ key: String) throws(StoreError) -> String? {
        try self.read { db in
            try String.fetchOne(
                db.cachedStatement(sql: "SELECT value FROM settings WHERE key = ?"), arguments: [key])
        }
    }

    /// Writes or, with nil, removes a setting.
    public func setSetting(_ key: String, _ value: String?) throws(StoreError) {
        try self.write { db in
            if let value {
                try db.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", [key, value])
            } else {
                try db.run("DELETE FROM settings WHERE key = ?", [key])
            }
        }
    }
}
