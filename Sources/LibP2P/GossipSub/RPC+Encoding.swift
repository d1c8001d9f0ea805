import LibP2PCore

/// Writes protobuf's wire format. Field numbers that fit into a byte are below 16, so that a tag is one byte.
enum WireWriter {
    static func size(bytes count: Int) -> Int {
        1 + Varint.size(of: UInt64(count)) + count
    }

    static func appendHeader(_ field: UInt8, count: Int, to bytes: inout [UInt8]) {
        bytes.append(field << 3 | 2)
        Varint.append(UInt64(count), to: &bytes)
    }

    static func append(_ field: UInt8, _ value: [UInt8], to bytes: inout [UInt8]) {
        self.appendHeader(field, count: value.count, to: &bytes)
        bytes.append(contentsOf: value)
    }

    /// A varint of all 64 bits, which the multiformats' one does not have.
    static func append(_ field: UInt8, number: UInt64, to bytes: inout [UInt8]) {
        bytes.append(field << 3)
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A tag whose field number needs more than a byte.
    static func append(tag field: UInt64, type: UInt64, to bytes: inout [UInt8]) {
        Varint.append(field << 3 | type, to: &bytes)
    }

    static func size(tag field: UInt64) -> Int {
        Varint.size(of: field << 3)
    }

    static func size(number: UInt64) -> Int {
        1 + (number == 0 ? 1 : (70 - number.leadingZeroBitCount) / 7)
    }
}

extension Message {
    /// The bytes that the author signs: the domain, then the message without signature and key, encoded anew.
    package var signedBytes: [UInt8] {
        var bytes = Self.signatureDomain
        bytes.reserveCapacity(bytes.count + self.encodedSize)
        self.appendFields(withSignature: false, to: &bytes)
        return bytes
    }

    /// The message's size as protobuf, in bytes.
    public var encodedSize: Int {
        func size(_ field: [UInt8]?) -> Int { field.map { WireWriter.size(bytes: $0.count) } ?? 0 }
        return size(self.from) + size(self.data) + size(self.seqno)
            + size(self.hasTopic ? self.topic.bytes : nil)
            + size(self.signature) + size(self.key) + self.unknownFields.count
    }

    /// The size of an RPC with this message alone: what `RPC.maxSize` bounds.
    public var encodedSizeInRPC: Int {
        WireWriter.size(bytes: self.encodedSize)
    }

    /// Appends the fields in the order of their numbers, and the unknown ones after them, as gogo-protobuf
    /// does.
    func appendFields(withSignature: Bool, to bytes: inout [UInt8]) {
        if let from = self.from { WireWriter.append(1, from, to: &bytes) }
        if let data = self.data { WireWriter.append(2, data, to: &bytes) }
        if let seqno = self.seqno { WireWriter.append(3, seqno, to: &bytes) }
        if self.hasTopic { WireWriter.append(4, self.topic.bytes, to: &bytes) }
        if withSignature {
            if let signature = self.signature { WireWriter.append(5, signature, to: &bytes) }
            if let key = self.key { WireWriter.append(6, key, to: &bytes) }
        }
        bytes.append(contentsOf: self.unknownFields)
    }
}

extension RPC.Subscription {
    var encodedSize: Int { 2 + WireWriter.size(bytes: self.topic.bytes.count) }
}

extension RPC.IHave {
    var encodedSize: Int {
        WireWriter.size(bytes: self.topic.bytes.count) + RPC.size(ofIDs: self.ids)
    }
}

extension RPC.Prune {
    var encodedSize: Int {
        self.peers.reduce(WireWriter.size(bytes: self.topic.bytes.count)) {
            $0 + WireWriter.size(bytes: $1.encodedSize)
        } + (self.backoffSeconds.map(WireWriter.size(number:)) ?? 0)
    }

    func append(to bytes: inout [UInt8]) {
        WireWriter.append(1, self.topic.bytes, to: &bytes)
        for peer in self.peers {
            WireWriter.appendHeader(2, count: peer.encodedSize, to: &bytes)
            WireWriter.append(1, peer.peerID, to: &bytes)
            if let record = peer.signedPeerRecord { WireWriter.append(2, record, to: &bytes) }
        }
        if let backoff = self.backoffSeconds { WireWriter.append(3, number: backoff, to: &bytes) }
    }
}

extension RPC.OfferedPeer {
    var encodedSize: Int {
        WireWriter.size(bytes: self.peerID.count)
            + (self.signedPeerRecord.map { WireWriter.size(bytes: $0.count) } ?? 0)
    }
}

extension RPC.Extensions {
    var encodedSize: Int {
        (self.hasPartialMessages ? 1 + WireWriter.size(tag: Self.partialMessagesField) : 0)
            + (self.hasTestExtension ? 1 + WireWriter.size(tag: Self.testExtensionField) : 0)
    }

    func append(to bytes: inout [UInt8]) {
        if self.hasPartialMessages {
            WireWriter.append(tag: Self.partialMessagesField, type: 0, to: &bytes)
            bytes.append(1)
        }
        if self.hasTestExtension {
            WireWriter.append(tag: Self.testExtensionField, type: 0, to: &bytes)
            bytes.append(1)
        }
    }
}

extension RPC {
    static func size(ofIDs ids: [MessageID]) -> Int {
        ids.reduce(0) { $0 + WireWriter.size(bytes: $1.bytes.count) }
    }

    /// The size of the control message, without its own tag and length.
    var controlSize: Int {
        var size = 0
        for have in self.ihave { size += WireWriter.size(bytes: have.encodedSize) }
        if !self.iwant.isEmpty { size += WireWriter.size(bytes: Self.size(ofIDs: self.iwant)) }
        for topic in self.graft { size += WireWriter.size(bytes: WireWriter.size(bytes: topic.bytes.count)) }
        for prune in self.prune { size += WireWriter.size(bytes: prune.encodedSize) }
        if !self.idontwant.isEmpty { size += WireWriter.size(bytes: Self.size(ofIDs: self.idontwant)) }
        if let extensions = self.extensions { size += WireWriter.size(bytes: extensions.encodedSize) }
        return size
    }

    /// The size as protobuf, in bytes.
    public var encodedSize: Int {
        var size = 0
        for subscription in self.subscriptions { size += WireWriter.size(bytes: subscription.encodedSize) }
        for message in self.messages { size += message.encodedSizeInRPC }
        if self.hasControl { size += WireWriter.size(bytes: self.controlSize) }
        if self.isExtensionTest { size += WireWriter.size(tag: Extensions.testExtensionField) + 1 }
        return size
    }

    /// The protobuf form.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.encodedSize)
        self.append(to: &bytes)
        return bytes
    }

    /// The protobuf form with its length in front: a frame.
    public var framed: [UInt8] {
        let size = self.encodedSize
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + Varint.maxSize)
        Varint.append(UInt64(size), to: &bytes)
        self.append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        for subscription in self.subscriptions {
            WireWriter.appendHeader(1, count: subscription.encodedSize, to: &bytes)
            WireWriter.append(1, number: subscription.isSubscribed ? 1 : 0, to: &bytes)
            WireWriter.append(2, subscription.topic.bytes, to: &bytes)
        }
        for message in self.messages {
            WireWriter.appendHeader(2, count: message.encodedSize, to: &bytes)
            message.appendFields(withSignature: true, to: &bytes)
        }
        if self.hasControl {
            WireWriter.appendHeader(3, count: self.controlSize, to: &bytes)
            self.appendControl(to: &bytes)
        }
        if self.isExtensionTest {
            WireWriter.append(tag: Extensions.testExtensionField, type: 2, to: &bytes)
            bytes.append(0)
        }
    }

    private func appendControl(to bytes: inout [UInt8]) {
        func append(ids: [MessageID], _ field: UInt8) {
            for id in ids { WireWriter.append(field, id.bytes, to: &bytes) }
        }
        for have in self.ihave {
            WireWriter.appendHeader(1, count: have.encodedSize, to: &bytes)
            WireWriter.append(1, have.topic.bytes, to: &bytes)
            append(ids: have.ids, 2)
        }
        if !self.iwant.isEmpty {
            WireWriter.appendHeader(2, count: Self.size(ofIDs: self.iwant), to: &bytes)
            append(ids: self.iwant, 1)
        }
        for topic in self.graft {
            WireWriter.appendHeader(3, count: WireWriter.size(bytes: topic.bytes.count), to: &bytes)
            WireWriter.append(1, topic.bytes, to: &bytes)
        }
        for prune in self.prune {
            WireWriter.appendHeader(4, count: prune.encodedSize, to: &bytes)
            prune.append(to: &bytes)
        }
        if !self.idontwant.isEmpty {
            WireWriter.appendHeader(5, count: Self.size(ofIDs: self.idontwant), to: &bytes)
            append(ids: self.idontwant, 1)
        }
        if let extensions = self.extensions {
            WireWriter.appendHeader(6, count: extensions.encodedSize, to: &bytes)
            extensions.append(to: &bytes)
        }
    }
}
