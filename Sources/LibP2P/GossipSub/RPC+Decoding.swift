import LibP2PCore

extension RPC {
    /// The most announcements in one RPC; a go node subscribed to more has to split its hello.
    public static let subscriptionCountMax = 4_096
    /// The most messages in one RPC: what fits into 1 MiB when each has an author, a number and a signature.
    public static let messageCountMax = 8_192
    /// The most ids of each kind (IHAVE, IWANT, IDONTWANT) that are read of one RPC; the rest are passed
    /// over.
    public static let idCountMax = 16_384
    /// The most GRAFTs, PRUNEs, IHAVE topics and control messages that are read of one RPC; the rest are
    /// passed over.
    public static let controlCountMax = 1_024
    /// The most peers that are read of one PRUNE; nobody dials more.
    public static let offeredPeerCountMax = 64
    /// The most peers that are read of all PRUNEs of one RPC.
    static let offeredPeerTotalMax = 256

    /// Decodes a frame. Every count and size is checked before anything is allocated for it.
    public init(decoding bytes: [UInt8]) throws(RPCDecodingFailure) {
        guard bytes.count <= Self.maxSize else { throw .tooLarge }
        self.init()
        var reader = WireReader(bytes, 0..<bytes.count)
        var controlCount = 0
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            switch field {
            case 1:
                let range = try reader.range(type)
                guard self.subscriptions.count < Self.subscriptionCountMax else {
                    throw .tooManySubscriptions
                }
                self.subscriptions.append(try Self.subscription(bytes, range))
            case 2:
                let range = try reader.range(type)
                guard self.messages.count < Self.messageCountMax else { throw .tooManyMessages }
                self.messages.append(try Message(decoding: bytes, range))
            case 3:
                let range = try reader.range(type)
                controlCount += 1
                if controlCount <= Self.controlCountMax { try self.mergeControl(bytes, range) }
            case Extensions.testExtensionField:
                _ = try reader.range(type)
                self.isExtensionTest = true
            default:
                try reader.skip(field, type)
            }
        }
    }

    private static func subscription(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(RPCDecodingFailure) -> Subscription {
        var reader = WireReader(bytes, range)
        var subscription = Subscription(Topic(bytes: []), isSubscribed: false)
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            switch field {
            case 1: subscription.isSubscribed = try reader.number(type) != 0
            case 2: subscription.topic = try reader.topic(type)
            default: try reader.skip(field, type)
            }
        }
        return subscription
    }

    private mutating func mergeControl(_ bytes: [UInt8], _ range: Range<Int>) throws(RPCDecodingFailure) {
        var reader = WireReader(bytes, range)
        var ihaveIDs = self.ihave.reduce(0) { $0 + $1.ids.count }
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            switch field {
            case 1:
                var have = IHave(Topic(bytes: []), ids: [])
                have.topic = try Self.topicAndIDs(
                    bytes, try reader.range(type), topicField: 1, idField: 2, into: &have.ids,
                    room: Self.idCountMax - ihaveIDs)
                ihaveIDs += have.ids.count
                if self.ihave.count < Self.controlCountMax { self.ihave.append(have) }
            case 2:
                _ = try Self.topicAndIDs(
                    bytes, try reader.range(type), topicField: nil, idField: 1, into: &self.iwant,
                    room: Self.idCountMax - self.iwant.count)
            case 3:
                var none: [MessageID] = []
                let range = try reader.range(type)
                guard self.graft.count < Self.controlCountMax else { continue }
                self.graft.append(
                    try Self.topicAndIDs(bytes, range, topicField: 1, idField: nil, into: &none, room: 0))
            case 4:
                let range = try reader.range(type)
                guard self.prune.count < Self.controlCountMax else { continue }
                let offered = self.prune.reduce(0) { $0 + $1.peers.count }
                self.prune.append(
                    try Self.prune(
                        bytes, range, room: min(Self.offeredPeerCountMax, Self.offeredPeerTotalMax - offered))
                )
            case 5:
                _ = try Self.topicAndIDs(
                    bytes, try reader.range(type), topicField: nil, idField: 1, into: &self.idontwant,
                    room: Self.idCountMax - self.idontwant.count)
            case 6:
                var extensions = self.extensions ?? Extensions()
                try extensions.merge(bytes, try reader.range(type))
                self.extensions = extensions
            default:
                try reader.skip(field, type)
            }
        }
    }

    /// Reads what IHAVE, IWANT, GRAFT and IDONTWANT have in common; at most `room` ids, none above the size
    /// limit.
    private static func topicAndIDs(
        _ bytes: [UInt8], _ range: Range<Int>, topicField: UInt64?, idField: UInt64?,
        into ids: inout [MessageID],
        room: Int
    ) throws(RPCDecodingFailure) -> Topic {
        var reader = WireReader(bytes, range)
        var topic = Topic(bytes: [])
        var room = room
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            if field == topicField {
                topic = try reader.topic(type)
            } else if field == idField {
                let id = try reader.range(type)
                guard room > 0, id.count <= MessageID.maxSize else { continue }
                room -= 1
                ids.append(MessageID(Array(bytes[id])))
            } else {
                try reader.skip(field, type)
            }
        }
        return topic
    }

    private static func prune(
        _ bytes: [UInt8], _ range: Range<Int>, room: Int
    ) throws(RPCDecodingFailure) -> Prune {
        var reader = WireReader(bytes, range)
        var prune = Prune(Topic(bytes: []), backoffSeconds: nil)
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            switch field {
            case 1: prune.topic = try reader.topic(type)
            case 2:
                let peer = try reader.range(type)
                guard prune.peers.count < room else { continue }
                prune.peers.append(try OfferedPeer(decoding: bytes, peer))
            case 3: prune.backoffSeconds = try reader.number(type)
            default: try reader.skip(field, type)
            }
        }
        return prune
    }
}

extension RPC.OfferedPeer {
    /// Decodes the peer that lies in `range` of `bytes`; a record above `PeerRecord.maxEnvelopeSize` is none.
    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(RPCDecodingFailure) {
        self.init(peerID: [], signedPeerRecord: nil)
        var reader = WireReader(bytes, range)
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            switch field {
            case 1:
                let id = try reader.range(type)
                if id.count <= Self.idSizeMax { self.peerID = Array(bytes[id]) }
            case 2:
                let record = try reader.range(type)
                if record.count <= PeerRecord.maxEnvelopeSize { self.signedPeerRecord = Array(bytes[record]) }
            default: try reader.skip(field, type)
            }
        }
    }

    /// The longest peer id: an identity multihash of 42 bytes, with room for what is to come.
    private static let idSizeMax = 128
}

extension RPC.Extensions {
    /// Of the control message: "partialMessages".
    static let partialMessagesField: UInt64 = 10
    /// Of the control message and of the RPC: "testExtension".
    static let testExtensionField: UInt64 = 6_492_434

    /// Takes up the fields that lie in `range` of `bytes`.
    mutating func merge(_ bytes: [UInt8], _ range: Range<Int>) throws(RPCDecodingFailure) {
        var reader = WireReader(bytes, range)
        while !reader.isAtEnd {
            let (field, type) = try reader.tag()
            switch field {
            case Self.partialMessagesField: self.hasPartialMessages = try reader.number(type) != 0
            case Self.testExtensionField: self.hasTestExtension = try reader.number(type) != 0
            default: try reader.skip(field, type)
            }
        }
    }
}

extension Message {
    /// Decodes the message that lies in `range` of `bytes`; of a repeated field the last one counts, as the
    /// oldest peers send several topics.
    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(RPCDecodingFailure) {
        var reader = WireReader(bytes, range)
        var fields: [[UInt8]?] = [nil, nil, nil, nil, nil]
        var topic: Topic?
        var unknown: [UInt8] = []
        while !reader.isAtEnd {
            let start = reader.position
            let (field, type) = try reader.tag()
            switch field {
            case 1: fields[0] = try reader.octets(type)
            case 2: fields[1] = try reader.octets(type)
            case 3: fields[2] = try reader.octets(type)
            case 4: topic = try reader.topic(type)
            case 5: fields[3] = try reader.octets(type)
            case 6: fields[4] = try reader.octets(type)
            default:
                try reader.skip(field, type)
                unknown.append(contentsOf: bytes[start..<reader.position])
            }
        }
        self.init(
            from: fields[0], data: fields[1], seqno: fields[2], topic: topic, signature: fields[3],
            key: fields[4],
            unknownFields: unknown)
    }
}
