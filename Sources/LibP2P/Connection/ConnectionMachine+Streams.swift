import LibP2PCore

// MARK: - Streams

extension ConnectionMachine {
    /// Opens a stream that speaks the first of `protocols` that the peer knows; nil at a limit, when the
    /// connection is closing, or without protocols. May be called before the upgrade; what is written then
    /// waits for it.
    ///
    /// With one protocol what is written leaves at once, before the peer agreed; with several it waits for
    /// the choice.
    public mutating func openStream(_ protocols: [String], now: Instant) -> StreamID? {
        guard !self.isClosed, !protocols.isEmpty else { return nil }
        self.advance(to: now)
        guard let id = self.yamux.open(now: self.now) else { return nil }
        let dialer = MultistreamDialer(protocols: protocols)
        self.yamux.write(dialer.start(), on: id)
        self.beginNegotiation(
            StreamNegotiation(
                side: .dialer(dialer), isOptimistic: protocols.count == 1 && self.configuration.isOptimistic),
            on: id)
        return StreamID(value: id)
    }

    /// Queues bytes; ignored on a stream that is gone or finished. Never blocks: `pendingBytes` tells how
    /// much waits.
    public mutating func write(_ bytes: [UInt8], on stream: StreamID) {
        guard !bytes.isEmpty, !self.isClosed else { return }
        if let negotiation = self.negotiations[stream.value], !negotiation.isOptimistic {
            if !negotiation.isFinishHeld { self.negotiations[stream.value]?.heldWrites.append(bytes) }
        } else {
            self.yamux.write(bytes, on: stream.value)
        }
    }

    /// The bytes that were written and not yet handed to `takeOutbound`, negotiation included.
    public func pendingBytes(on stream: StreamID) -> Int {
        let held = self.negotiations[stream.value]?.heldWrites.reduce(0) { $0 + $1.count } ?? 0
        return held + self.yamux.pendingBytes(on: stream.value)
    }

    /// Closes our side of a stream after what was written; the peer's side stays readable.
    public mutating func finish(_ stream: StreamID) {
        if let negotiation = self.negotiations[stream.value], !negotiation.isOptimistic {
            self.negotiations[stream.value]?.isFinishHeld = true
        } else {
            self.yamux.finish(stream.value)
        }
    }

    /// Drops a stream with what it had to send, and tells the peer why.
    public mutating func reset(_ stream: StreamID, code: UInt32) {
        self.negotiations[stream.value] = nil
        self.yamux.reset(stream.value, code: code)
    }

    /// Gives the peer credit for bytes of `streamData` that the reader took.
    public mutating func consumed(_ count: Int, on stream: StreamID) {
        guard !self.isClosed else { return }
        self.yamux.consumed(count, on: stream.value)
    }

    /// The streams that are open, those under negotiation included.
    public var streamCount: Int { self.yamux.streamCount }

    // MARK: - Received

    /// Reads Yamux frames out of plaintext.
    mutating func receivedMuxed(_ plaintext: UnsafeRawBufferPointer, into events: inout [Event]) {
        var received = self.yamuxEvents
        self.yamuxEvents = []
        let failure = self.yamux.received(plaintext, now: self.now, into: &received)
        // Streams that negotiation resets halfway through: what else came for them is dropped.
        var dropped: [UInt32] = []
        for event in received {
            guard !self.isClosed else { break }
            self.muxed(event, dropped: &dropped, into: &events)
        }
        received.removeAll(keepingCapacity: true)
        self.yamuxEvents = received
        if let failure { self.fail(.yamux(failure), into: &events) }
    }

    private mutating func muxed(
        _ event: YamuxSession.Event, dropped: inout [UInt32], into events: inout [Event]
    ) {
        switch event {
        case .opened(let id):
            self.beginNegotiation(
                StreamNegotiation(side: .listener(MultistreamListener()), isOptimistic: false), on: id)
        case .data(let id, let bytes):
            if dropped.contains(id) { return }
            if self.negotiations[id] == nil {
                events.append(.streamData(StreamID(value: id), bytes))
            } else if !self.negotiate(bytes, on: id, into: &events) {
                dropped.append(id)
            }
        case .finished(let id):
            if dropped.contains(id) { return }
            if self.negotiations[id] == nil {
                events.append(.streamFinished(StreamID(value: id)))
            } else {
                self.negotiationFailed(on: id, into: &events)
                dropped.append(id)
            }
        case .reset(let id, let code):
            if dropped.contains(id) { return }
            let negotiation = self.negotiations.removeValue(forKey: id)
            if case .listener? = negotiation?.side { return }
            events.append(.streamReset(StreamID(value: id), code: code))
        case .writable(let id):
            events.append(.streamWritable(StreamID(value: id)))
        case .roundTrip(let duration):
            events.append(.roundTrip(duration))
        case .goAway(let code):
            self.yamux.abort(code: 0)
            self.isUpgraded = false
            self.end(code == 0 ? nil : .closedByPeer(code: code), into: &events)
        }
    }

    // MARK: - Negotiation

    private mutating func beginNegotiation(_ negotiation: StreamNegotiation, on id: UInt32) {
        self.negotiations[id] = negotiation
        // Ends of negotiations that are over go when they lead the queue, or all at once when they are the
        // most of it.
        if self.negotiationDeadlines.count > 2 * self.negotiations.count + 64 {
            let negotiations = self.negotiations
            self.negotiationDeadlines.removeAll { negotiations[$0.stream] == nil }
        }
        self.negotiationDeadlines.append((self.now + self.configuration.negotiationTimeout, id))
    }

    /// Reads answers or proposals; false when the stream was reset over them.
    private mutating func negotiate(_ bytes: [UInt8], on id: UInt32, into events: inout [Event]) -> Bool {
        guard var negotiation = self.negotiations[id] else { return true }
        let stream = StreamID(value: id)
        var input = bytes[...]
        var output: [UInt8] = []
        var selected: Event?
        switch negotiation.side {
        case .dialer(var dialer):
            let result = dialer.received(&input, output: &output)
            negotiation.side = .dialer(dialer)
            switch result {
            case .needMore: break
            case .selected(let name): selected = .streamNegotiated(stream, protocolID: name)
            case .refused:
                self.reset(stream, code: StreamErrorCode.negotiationFailed)
                events.append(.streamRefused(stream))
                return false
            case .failed:
                self.negotiationFailed(on: id, into: &events)
                return false
            }
        case .listener(var listener):
            let result = listener.received(&input, supported: self.supportedProtocols, output: &output)
            negotiation.side = .listener(listener)
            switch result {
            case .needMore: break
            case .selected(let name): selected = .streamOpened(stream, protocolID: name)
            case .failed:
                self.negotiationFailed(on: id, into: &events)
                return false
            }
        }
        self.yamux.consumed(bytes.count - input.count, on: id)
        self.yamux.write(output, on: id)
        guard let selected else {
            self.negotiations[id] = negotiation
            return true
        }
        self.negotiations[id] = nil
        negotiation.heldWrites.forEach { self.yamux.write($0, on: id) }
        if negotiation.isFinishHeld { self.yamux.finish(id) }
        events.append(selected)
        if !input.isEmpty { events.append(.streamData(stream, Array(input))) }
        return true
    }

    /// Resets a stream without an agreement. Who opened it hears of it; an inbound one was never announced.
    private mutating func negotiationFailed(on id: UInt32, into events: inout [Event]) {
        let negotiation = self.negotiations[id]
        self.reset(StreamID(value: id), code: StreamErrorCode.negotiationFailed)
        if case .dialer? = negotiation?.side {
            events.append(.streamReset(StreamID(value: id), code: StreamErrorCode.negotiationFailed))
        }
    }

    // MARK: - Deadlines

    /// When `deadlineReached` is to be called; it changes with every call.
    public var nextDeadline: Instant? {
        if self.isClosed { return nil }
        var next = Instant.distantFuture
        if case .open = self.phase {
            if let deadline = self.keepAliveDeadline { next = min(next, deadline) }
        } else {
            next = self.handshakeDeadline
        }
        if let first = self.negotiationDeadlines.first(where: { self.negotiations[$0.stream] != nil }) {
            next = min(next, first.deadline)
        }
        return next == .distantFuture ? nil : next
    }

    /// Ends what took too long, and asks a silent peer for a sign of life.
    public mutating func deadlineReached(now: Instant, into events: inout [Event]) {
        guard !self.isClosed else { return }
        self.advance(to: now)
        while let first = self.negotiationDeadlines.first {
            if self.negotiations[first.stream] != nil {
                guard first.deadline <= self.now else { break }
                self.negotiationFailed(on: first.stream, into: &events)
            }
            self.negotiationDeadlines.removeFirst()
        }
        guard case .open = self.phase else {
            if self.now >= self.handshakeDeadline { self.fail(.handshakeTimeout, into: &events) }
            return
        }
        guard let deadline = self.keepAliveDeadline, deadline <= self.now else { return }
        if let since = self.yamux.pingOutstandingSince, since >= self.lastReceived {
            self.fail(.silentPeer, into: &events)
        } else {
            self.yamux.pingAnew(now: self.now)
        }
    }

    private var keepAliveDeadline: Instant? {
        guard let interval = self.configuration.keepAliveInterval else { return nil }
        guard let since = self.yamux.pingOutstandingSince, since >= self.lastReceived else {
            return self.lastReceived + interval
        }
        return since + self.configuration.keepAliveTimeout
    }
}
