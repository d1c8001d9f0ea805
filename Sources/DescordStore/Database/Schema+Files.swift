extension Schema {
    /// The files of messages: which message refers to what, and the bytes of those that are here, in pieces
    /// of `FileTable.chunkSize`.
    ///
    /// References follow from the messages' contents; the bytes are this home's own, and go with the last
    /// reference.
    static let files = """
        CREATE TABLE file_references (
            n INTEGER NOT NULL REFERENCES operations (n) ON DELETE CASCADE,
            place INTEGER NOT NULL, hash BLOB NOT NULL, size INTEGER NOT NULL,
            PRIMARY KEY (n, place)
        ) WITHOUT ROWID;
        CREATE INDEX file_references_hash ON file_references (hash);
        CREATE TABLE files (
            f INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
            stored_at INTEGER NOT NULL
        );
        CREATE TABLE file_chunks (
            f INTEGER NOT NULL REFERENCES files (f) ON DELETE CASCADE, place INTEGER NOT NULL,
            bytes BLOB NOT NULL, PRIMARY KEY (f, place)
        );
        """
}
