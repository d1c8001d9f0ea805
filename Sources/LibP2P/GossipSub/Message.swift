import LibP2PCore

/// A pubsub message as it goes on the wire (libp2p specs "pubsub", `Message`).
///
/// Absent and empty fields are kept apart and unknown fields are kept as they came, because all of them are
/// part of what the author signed.
public struct Message: Hashable, Sendable {
    /// The author's peer id.
    public let from: [UInt8]?
    /// The payload.
    public let data: [UInt8]?
    /// The author's number for the message: 8 bytes, big-endian, under StrictSign.
    public let seqno: [UInt8]?
    /// The topic; empty when the field was absent.
    public let topic: Topic
    /// The author's signature.
    public let signature: [UInt8]?
    /// The author's encoded public key, left out when the peer id holds it.
    public let key: [UInt8]?
    /// Whether the topic's field was there at all.
    package let hasTopic: Bool
    /// Fields with numbers that we don't know, as they came, in the order in which they came.
    package let unknownFields: [UInt8]
    /// What go names it by (`MessageIDFunction.go`), made once and not for each peer that brings it.
    package let defaultID: MessageID

    /// Makes a message of its parts; what it claims has not been verified.
    public init(
        from: [UInt8]?, data: [UInt8]?, seqno: [UInt8]?, topic: Topic, signature: [UInt8]? = nil,
        key: [UInt8]? = nil
    ) {
        self.init(
            from: from, data: data, seqno: seqno, topic: topic, signature: signature, key: key,
            unknownFields: [])
    }

    package init(
        from: [UInt8]?, data: [UInt8]?, seqno: [UInt8]?, topic: Topic?, signature: [UInt8]?, key: [UInt8]?,
        unknownFields: [UInt8]
    ) {
        self.from = from
        self.data = data
        self.seqno = seqno
        self.topic = topic ?? Topic(bytes: [])
        self.hasTopic = topic != nil
        self.signature = signature
        self.key = key
        self.unknownFields = unknownFields
        self.defaultID = MessageID((from ?? []) + (seqno ?? []))
    }

    /// The author, when `from` is a peer id.
    public var author: PeerID? {
        self.from.flatMap { PeerID(bytes: $0) }
    }

    /// The author's number for the message, when it is 8 bytes.
    public var sequenceNumber: UInt64? {
        guard let seqno = self.seqno, seqno.count == 8 else { return nil }
        return seqno.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
