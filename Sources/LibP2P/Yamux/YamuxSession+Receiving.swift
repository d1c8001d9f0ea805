import DequeModule
import LibP2PCore

// MARK: - Receiving

extension YamuxSession {
    /// Reads frames; what is returned ends the session. Events that were appended before it are still good.
    package mutating func received(
        _ bytes: UnsafeRawBufferPointer, now: Instant, into events: inout [Event]
    ) -> YamuxFailure? {
        self.now = max(self.now, now)
        var input = bytes
        do throws(YamuxFailure) {
            while !input.isEmpty {
                if self.payload != nil {
                    self.readPayload(&input, into: &events)
                } else if self.headerBytes.isEmpty, input.count >= YamuxHeader.size {
                    let header = try YamuxHeader.read(input).get()
                    input = UnsafeRawBufferPointer(rebasing: input[YamuxHeader.size...])
                    try self.headerReceived(header, into: &events)
                } else {
                    let taken = min(YamuxHeader.size - self.headerBytes.count, input.count)
                    self.headerBytes.append(contentsOf: input[..<taken])
                    input = UnsafeRawBufferPointer(rebasing: input[taken...])
                    guard self.headerBytes.count == YamuxHeader.size else { break }
                    let bytes = self.headerBytes
                    self.headerBytes.removeAll(keepingCapacity: true)
                    try self.headerReceived(bytes.withUnsafeBytes(YamuxHeader.read).get(), into: &events)
                }
            }
            return nil
        } catch {
            return error
        }
    }

    private mutating func readPayload(_ input: inout UnsafeRawBufferPointer, into events: inout [Event]) {
        guard var payload = self.payload else { return }
        let taken = min(payload.remaining, input.count)
        let bytes = UnsafeRawBufferPointer(rebasing: input[..<taken])
        input = UnsafeRawBufferPointer(rebasing: input[taken...])
        payload.remaining -= taken
        self.payload = payload.remaining > 0 ? payload : nil
        guard let id = payload.stream, self.streams[id] != nil else { return }
        self.measureRoundTrip(after: taken)
        Self.deliver(bytes, on: id, into: &events)
        if payload.remaining == 0, payload.isLast {
            self.remoteFinished(id, into: &events)
        }
    }

    /// Appends data as an event, joined with the one before when both are small and of the same stream.
    private static func deliver(_ bytes: UnsafeRawBufferPointer, on id: UInt32, into events: inout [Event]) {
        if self.joins(bytes.count, on: id, events), case .data(_, var joined)? = events.popLast() {
            joined.append(contentsOf: bytes)
            events.append(.data(id, joined))
        } else {
            events.append(.data(id, [UInt8](bytes)))
        }
    }

    private static func joins(_ count: Int, on id: UInt32, _ events: [Event]) -> Bool {
        guard case .data(let last, let before)? = events.last else { return false }
        return last == id && before.count + count <= self.joinedDataSize
    }

    /// Measures the round trip once there is traffic that could profit from larger windows.
    private mutating func measureRoundTrip(after count: Int) {
        guard self.roundTrip == nil, self.receivedCount < Self.measuredVolume else { return }
        self.receivedCount += count
        if self.receivedCount >= Self.measuredVolume { self.ping(now: self.now) }
    }

    private mutating func headerReceived(
        _ header: YamuxHeader, into events: inout [Event]
    ) throws(YamuxFailure) {
        switch header.kind {
        case .ping: self.pingReceived(header, into: &events)
        case .goAway: events.append(.goAway(code: header.length))
        case .data, .windowUpdate: try self.streamFrameReceived(header, into: &events)
        }
    }

    private mutating func pingReceived(_ header: YamuxHeader, into events: inout [Event]) {
        if header.flags.contains(.syn) {
            if self.pongs.count < Self.maxPendingPongs { self.pongs.append(header.length) }
        } else if header.flags.contains(.ack), header.length == self.pingCounter, !self.isPingQueued,
            let sentAt = self.pingSentAt
        {
            self.pingSentAt = nil
            let sample = self.now - sentAt
            // The smallest sample is the path's; larger ones measure our own queues.
            self.roundTrip = min(self.roundTrip ?? sample, sample)
            events.append(.roundTrip(sample))
        }
    }

    private mutating func streamFrameReceived(
        _ header: YamuxHeader, into events: inout [Event]
    ) throws(YamuxFailure) {
        let id = header.stream
        guard id != 0 else { throw .unknownStream(0) }
        // No window can allow more than this, whatever became of the stream.
        if header.kind == .data, header.length > self.configuration.maxStreamWindow {
            throw .windowExceeded(id)
        }
        if header.flags.contains(.syn) {
            guard try self.accept(header, into: &events) else { return }
        }
        guard let stream = self.streams[id] else {
            guard self.wasOpened(id) else { throw .unknownStream(id) }
            self.skipPayload(of: header)
            return
        }
        if !stream.isAcknowledged {
            self.streams[id]?.isAcknowledged = true
            self.unacknowledgedCount -= 1
        }
        if header.flags.contains(.rst) {
            self.remove(id)
            self.skipPayload(of: header)
            // The length of a window update that resets is an error code, never credit.
            events.append(.reset(id, code: header.kind == .windowUpdate ? header.length : 0))
        } else if header.kind == .windowUpdate {
            let (window, overflow) = stream.sendWindow.addingReportingOverflow(header.length)
            guard !overflow else { throw .windowOverflow(id) }
            self.streams[id]?.sendWindow = window
            self.markReady(id)
            if header.flags.contains(.fin) { self.remoteFinished(id, into: &events) }
        } else {
            try self.dataReceived(header, on: stream, into: &events)
        }
    }

    private mutating func dataReceived(
        _ header: YamuxHeader, on stream: YamuxStream, into events: inout [Event]
    ) throws(YamuxFailure) {
        let id = header.stream
        guard header.length <= stream.receiveWindow else { throw .windowExceeded(id) }
        if stream.isRemoteFinished, header.length > 0 {
            self.reset(id, code: StreamErrorCode.protocolViolation)
            self.skipPayload(of: header)
            events.append(.reset(id, code: StreamErrorCode.protocolViolation))
            return
        }
        self.streams[id]?.receiveWindow -= header.length
        // Charged whole at once, so that what is still under way is never taken for free space.
        self.streams[id]?.unconsumed += header.length
        let isLast = header.flags.contains(.fin)
        if header.length > 0 {
            self.payload = (id, Int(header.length), isLast)
        } else if isLast {
            self.remoteFinished(id, into: &events)
        }
    }

    /// Makes the stream that a SYN opens; false when the frame has been dealt with.
    private mutating func accept(
        _ header: YamuxHeader, into events: inout [Event]
    ) throws(YamuxFailure) -> Bool {
        let id = header.stream
        guard id.isMultiple(of: 2) == (self.role == .dialer) else { throw .wrongStreamParity(id) }
        guard !self.wasOpened(id) else { throw .streamReused(id) }
        // Before any state exists for it: there is no window yet that could have allowed more.
        if header.kind == .data, header.length > YamuxConfiguration.initialWindow {
            throw .windowExceeded(id)
        }
        if header.kind == .windowUpdate, !header.flags.contains(.rst),
            YamuxConfiguration.initialWindow.addingReportingOverflow(header.length).overflow
        {
            throw .windowOverflow(id)
        }
        self.noteOpened(id)
        if header.flags.contains(.rst) {
            self.skipPayload(of: header)
            return false
        }
        // Every stream may come to cost a refusal: who does not take those that it is owed opens no more.
        guard self.resets.count < Self.maxPendingResets else { throw .streamFlood }
        guard self.goAwayCode == nil, self.inboundCount < self.configuration.maxInboundStreams else {
            self.resets.append((id, StreamErrorCode.resourceLimit))
            self.skipPayload(of: header)
            return false
        }
        self.streams[id] = YamuxStream(isLocal: false, now: self.now)
        self.inboundCount += 1
        self.queueControl(id)
        events.append(.opened(id))
        return true
    }

    private mutating func remoteFinished(_ id: UInt32, into events: inout [Event]) {
        guard let stream = self.streams[id], !stream.isRemoteFinished else { return }
        self.streams[id]?.isRemoteFinished = true
        events.append(.finished(id))
        if stream.isFINSent { self.remove(id) }
    }

    private mutating func skipPayload(of header: YamuxHeader) {
        guard header.kind == .data, header.length > 0 else { return }
        self.payload = (nil, Int(header.length), false)
    }

    // MARK: - Ids

    private func isLocalID(_ id: UInt32) -> Bool {
        id.isMultiple(of: 2) == (self.role == .listener)
    }

    /// Whether a stream of this id was ever opened.
    private func wasOpened(_ id: UInt32) -> Bool {
        if self.isLocalID(id) { return id < self.nextLocalID }
        return id <= self.highestRemoteID && !self.skippedRemoteIDs.contains(id)
    }

    /// Peers that open streams from several threads send their SYNs slightly out of order, so ids that were
    /// jumped over are remembered for a while.
    private mutating func noteOpened(_ id: UInt32) {
        if id < self.highestRemoteID {
            self.skippedRemoteIDs.removeAll { $0 == id }
            return
        }
        let first: UInt32 = self.role == .dialer ? 2 : 1
        let expected = self.highestRemoteID == 0 ? first : self.highestRemoteID + 2
        let span = UInt32(2 * Self.maxSkippedStreams)
        var skipped = id - expected > span ? id - span : expected
        while skipped < id {
            self.skippedRemoteIDs.append(skipped)
            skipped += 2
        }
        if self.skippedRemoteIDs.count > Self.maxSkippedStreams {
            self.skippedRemoteIDs.removeFirst(self.skippedRemoteIDs.count - Self.maxSkippedStreams)
        }
        self.highestRemoteID = id
    }
}
