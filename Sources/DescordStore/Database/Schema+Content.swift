extension Schema {
    /// What content operations are about: the message that they act upon, or the thread that they are in.
    static let content = """
        ALTER TABLE operations ADD COLUMN target BLOB;
        CREATE INDEX operations_target ON operations (target, kind) WHERE target IS NOT NULL;
        CREATE INDEX operations_profiles ON operations (space, author, clock, id) WHERE kind = 2040
            AND state = 0;
        CREATE INDEX operations_threads ON operations (space, clock, id) WHERE kind = 2030 AND state = 0;
        """
}
