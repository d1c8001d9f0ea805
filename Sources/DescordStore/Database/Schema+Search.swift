extension Schema {
    /// The words of messages, by the number of their operation, whatever became of it.
    ///
    /// Triggers keep the index in the transaction of whatever writes an operation; `message_text` is
    /// `MessageWords.textFunction`.
    static let search = """
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
