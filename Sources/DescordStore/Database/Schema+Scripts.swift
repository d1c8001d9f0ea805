extension Schema {
    /// What scripts need: places of consumers, and the words of messages.
    static let scripts = Schema.cursors + Schema.search

    /// Where each consumer of `listen --cursor` is, and what its hook gave up on.
    ///
    /// A cursor belongs to a name and to what is followed: a space (`channel` empty) or one channel. Up to
    /// the arrival `since_until` it shows what was written since `since` alone.
    private static let cursors = """
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

    /// The words of messages, by the number of their operation, whatever became of it.
    ///
    /// At first triggers keep the index in the transaction of whatever writes an operation, see `words`;
    /// `message_text` is `MessageWords.textFunction`.
    private static let search = """
        CREATE VIRTUAL TABLE message_words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
        INSERT INTO message_words (rowid, text)
            SELECT n, message_text(content) FROM operations WHERE kind = 2000 AND content IS NOT NULL;
        CREATE TRIGGER message_words_inserted AFTER INSERT ON operations
            WHEN new.kind = 2000 AND new.content IS NOT NULL BEGIN
            INSERT INTO message_words (rowid, text) VALUES (new.n, message_text(new.content));
        END;
        CREATE TRIGGER message_words_updated AFTER UPDATE OF content ON operations WHEN new.kind = 2000 BEGIN
            DELETE FROM message_words WHERE rowid = old.n;
            INSERT INTO message_words (rowid, text)
                SELECT new.n, message_text(new.content) WHERE new.content IS NOT NULL;
        END;
        CREATE TRIGGER message_words_deleted AFTER DELETE ON operations WHEN old.kind = 2000 BEGIN
            DELETE FROM message_words WHERE rowid = old.n;
        END;
        """
}
