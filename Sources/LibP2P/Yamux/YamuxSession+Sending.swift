import DequeModule
import LibP2PCore

// MARK: - Sending

extension YamuxSession {
    /// The largest data frame when one stream alone has data: with its header it fills a Noise frame.
    static let maxDataSize = 65_507
    /// The largest data frame when several streams wait for their turn.
    static let fairDataSize = 16_384
    /// A data frame that had to be shorter than this only for lack of room waits for the next buffer.
    private static let minSplitSize = 1_024

    /// Whether there may be something to send.
    package var hasOutbound: Bool {
        !self.pongs.isEmpty || self.isPingQueued || !self.resets.isEmpty || !self.controls.isEmpty
            || !self.ready.isEmpty || (self.goAwayCode != nil && !self.isGoAwaySent)
    }

    /// Appends whole frames of together at most `budget` bytes to `buffer`: answers to pings, resets and
    /// window updates before data, so that two full directions never wait for each other; data in turns.
    package mutating func takeFrames(into buffer: inout [UInt8], budget: Int, events: inout [Event]) {
        let start = buffer.count
        while true {
            let room = budget - (buffer.count - start)
            guard room >= YamuxHeader.size else { return }
            if let value = self.pongs.popFirst() {
                YamuxHeader(.ping, .ack, stream: 0, length: value).append(to: &buffer)
            } else if self.isPingQueued {
                self.isPingQueued = false
                YamuxHeader(.ping, .syn, stream: 0, length: self.pingCounter).append(to: &buffer)
            } else if let (id, code) = self.resets.popFirst() {
                YamuxHeader(.windowUpdate, .rst, stream: id, length: code).append(to: &buffer)
            } else if let id = self.controls.popFirst() {
                self.appendControl(id, to: &buffer)
            } else if let id = self.ready.popFirst() {
                guard
                    self.appendData(
                        id, room: room, isFirst: buffer.count == start, to: &buffer, events: &events)
                else {
                    self.ready.prepend(id)
                    return
                }
            } else if let code = self.goAwayCode, !self.isGoAwaySent {
                self.isGoAwaySent = true
                YamuxHeader(.goAway, stream: 0, length: code).append(to: &buffer)
            } else {
                return
            }
        }
    }

    private mutating func appendControl(_ id: UInt32, to buffer: inout [UInt8]) {
        guard var stream = self.streams[id], stream.isControlQueued else { return }
        stream.isControlQueued = false
        // Nothing is credited that the peer will not use; a bare acknowledgement waits for data that is about
        // to go.
        let credit = stream.isRemoteFinished ? 0 : stream.credit
        if credit >= stream.windowSize / 2 || (stream.needsACK && !(stream.isReady && stream.isSendable)) {
            YamuxHeader(.windowUpdate, stream.needsACK ? .ack : [], stream: id, length: credit).append(
                to: &buffer)
            stream.receiveWindow += credit
            stream.needsACK = false
        }
        self.streams[id] = stream
    }

    /// Appends the next data frame of a stream; false when it should wait for more room.
    private mutating func appendData(
        _ id: UInt32, room: Int, isFirst: Bool, to buffer: inout [UInt8], events: inout [Event]
    ) -> Bool {
        guard var stream = self.streams[id], stream.isReady else { return true }
        let wanted = min(
            stream.queue.count, Int(stream.sendWindow),
            self.ready.isEmpty ? Self.maxDataSize : Self.fairDataSize)
        let size = min(wanted, room - YamuxHeader.size)
        if size < wanted, size < Self.minSplitSize, !isFirst || size == 0 { return false }
        stream.isReady = false
        guard stream.isSendable else {
            self.streams[id] = stream
            return true
        }
        var flags: YamuxHeader.Flags = []
        if stream.needsSYN { flags.insert(.syn) }
        if stream.needsACK { flags.insert(.ack) }
        // Some peers overlook a FIN beside an ACK, so it follows in a frame of its own.
        if stream.isFinishing, stream.queue.count == size, !stream.needsACK {
            flags.insert(.fin)
            stream.isFINSent = true
        }
        stream.needsSYN = false
        stream.needsACK = false
        let kind: YamuxHeader.Kind = size == 0 && !flags.contains(.fin) ? .windowUpdate : .data
        YamuxHeader(kind, flags, stream: id, length: UInt32(size)).append(to: &buffer)
        // The stream is out of the table while its queue is moved, so that the queue is not copied.
        self.streams[id] = nil
        stream.queue.move(size, into: &buffer)
        stream.sendWindow -= UInt32(size)
        if stream.isAboveLowWater, stream.queue.count <= self.configuration.lowWaterMark {
            stream.isAboveLowWater = false
            events.append(.writable(id))
        }
        self.streams[id] = stream
        if stream.isFINSent, stream.isRemoteFinished {
            self.remove(id)
        } else {
            self.markReady(id)
        }
        return true
    }
}
