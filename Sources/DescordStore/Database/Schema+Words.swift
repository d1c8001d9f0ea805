extension Schema {
    /// The words of messages are entered once for a whole transaction, not by triggers with each message.
    static let words = """
        DROP TRIGGER message_words_inserted;
        DROP TRIGGER message_words_updated;
        """
}
