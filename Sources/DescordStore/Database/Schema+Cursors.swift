extension Schema {
    /// Where each consumer of `listen --cursor` is, and what its hook gave up on.
    ///
    /// A cursor belongs to a name and to what is followed: a space (`channel` empty) or one channel. Up to
    /// the arrival `since_until` it shows what was written since `since` alone.
    static let cursors = """
        CREATE TABLE cursors (
            name TEXT NOT NULL, space BLOB NOT NULL, channel BLOB NOT NULL, position INTEGER NOT NULL,
            since INTEGER, since_until INTEGER NOT NULL, updated INTEGER NOT NULL,
            PRIMARY KEY (name, space, channel)
        ) WITHOUT ROWID;
        CREATE TABLE parked (
            name TEXT NOT NULL, space BLOB NOT NULL, channel BLOB NOT NULL, op BLOB NOT NULL,
            attempts INTEGER NOT NULL, last_error TEXT NOT NULL, parked_at INTEGER NOT NULL,
            is_due INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (name, space, channel, op)
        ) WITHOUT ROWID;
        """
}
