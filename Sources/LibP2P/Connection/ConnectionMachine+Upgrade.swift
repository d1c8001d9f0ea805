import DescordCrypto
import LibP2PCore

// MARK: - Upgrade

extension ConnectionMachine {
    /// Appends a handshake message with its length.
    mutating func sendHandshakeMessage(_ message: [UInt8]) {
        self.plainOutbound.append(UInt8(message.count >> 8))
        self.plainOutbound.append(UInt8(message.count & 0xff))
        self.plainOutbound += message
    }

    /// Takes what belongs to the upgrade before Noise is up off the front of `input`.
    mutating func receivedHandshake(_ input: inout ArraySlice<UInt8>, into events: inout [Event]) {
        while !input.isEmpty {
            switch self.phase {
            case .securityDialer(var dialer):
                let result = dialer.received(&input, output: &self.plainOutbound)
                self.phase = .securityDialer(dialer)
                self.securityAnswered(result, into: &events)
            case .securityListener(var listener):
                let result = listener.received(
                    &input, supported: [Self.noiseProtocol], output: &self.plainOutbound)
                self.phase = .securityListener(listener)
                switch result {
                case .needMore: break
                case .selected: self.phase = .noise
                case .failed(let failure): self.fail(.negotiation(failure), into: &events)
                }
            case .noise:
                guard self.receiver == nil else { return }
                self.receivedHandshakeBytes(&input, into: &events)
            case .muxerDialer, .muxerListener, .open, .closed:
                return
            }
        }
    }

    private mutating func securityAnswered(_ result: MultistreamDialer.Result, into events: inout [Event]) {
        switch result {
        case .needMore:
            break
        case .selected:
            self.phase = .noise
            if !self.configuration.isOptimistic { self.sendHandshakeMessage(self.handshake.start()) }
        case .refused:
            self.fail(.noSharedSecurity, into: &events)
        case .failed(let failure):
            self.fail(.negotiation(failure), into: &events)
        }
    }

    private mutating func receivedHandshakeBytes(_ input: inout ArraySlice<UInt8>, into events: inout [Event])
    {
        while self.handshakeFrame.count < NoiseCipher.lengthSize {
            guard let byte = input.popFirst() else { return }
            self.handshakeFrame.append(byte)
        }
        let size = Int(self.handshakeFrame[0]) << 8 | Int(self.handshakeFrame[1])
        guard size <= NoiseHandshake.maxMessageSize else {
            self.fail(.noise(.malformedMessage), into: &events)
            return
        }
        let taken = input.prefix(NoiseCipher.lengthSize + size - self.handshakeFrame.count)
        self.handshakeFrame += taken
        input = input.dropFirst(taken.count)
        guard self.handshakeFrame.count == NoiseCipher.lengthSize + size else { return }
        let message = self.handshakeFrame[NoiseCipher.lengthSize...]
        self.handshakeFrame = []
        switch self.handshake.received(message) {
        case .send(let answer):
            self.sendHandshakeMessage(answer)
        case .complete(let outcome, let answer):
            if let answer { self.sendHandshakeMessage(answer) }
            self.handshakeCompleted(outcome, into: &events)
        case .failed(let failure):
            self.fail(.noise(failure), into: &events)
        }
    }

    private mutating func handshakeCompleted(_ outcome: NoiseHandshake.Outcome, into events: inout [Event]) {
        self.remotePeer = outcome.peer
        self.handshakeHash = outcome.handshakeHash
        self.remoteStaticKey = outcome.remoteStaticKey
        self.sender = NoiseCipher(key: outcome.sendKey)
        self.receiver = NoiseReceiver(cipher: NoiseCipher(key: outcome.receiveKey))
        if outcome.muxer != nil {
            self.phase = .open
            self.upgraded(earlyMuxer: true, into: &events)
        } else if self.role == .dialer {
            let dialer = MultistreamDialer(protocols: [Self.yamuxProtocol])
            self.muxerOutbound += dialer.start()
            self.phase = .muxerDialer(dialer)
            // There is one proposal only, so streams may follow it at once; what the peer sends is read after
            // its answer.
            if self.configuration.isOptimistic { self.upgraded(earlyMuxer: false, into: &events) }
        } else {
            self.phase = .muxerListener(MultistreamListener())
        }
    }

    private mutating func upgraded(earlyMuxer: Bool, into events: inout [Event]) {
        guard !self.isUpgraded, let peer = self.remotePeer else { return }
        self.isUpgraded = true
        events.append(.upgraded(peer: peer, earlyMuxer: earlyMuxer))
    }

    // MARK: - Over Noise

    /// Opens Noise frames and hands on what was in them.
    mutating func receivedFrames(_ bytes: UnsafeRawBufferPointer, into events: inout [Event]) {
        var input = bytes
        while !input.isEmpty, !self.isClosed {
            switch self.receiver?.next(&input) {
            case .plaintext(let plaintext): self.receivedPlaintext(plaintext, into: &events)
            case .failed(let failure): self.fail(.noise(failure), into: &events)
            case .needMore, nil: return
            }
        }
    }

    private mutating func receivedPlaintext(_ plaintext: [UInt8], into events: inout [Event]) {
        if case .open = self.phase {
            plaintext.withUnsafeBytes { self.receivedMuxed($0, into: &events) }
            return
        }
        var input = plaintext[...]
        self.receivedMuxerNegotiation(&input, into: &events)
        if case .open = self.phase, !input.isEmpty {
            input.withUnsafeBytes { self.receivedMuxed($0, into: &events) }
        }
    }

    private mutating func receivedMuxerNegotiation(
        _ input: inout ArraySlice<UInt8>, into events: inout [Event]
    ) {
        switch self.phase {
        case .muxerDialer(var dialer):
            let result = dialer.received(&input, output: &self.muxerOutbound)
            self.phase = .muxerDialer(dialer)
            switch result {
            case .needMore: break
            case .selected:
                self.phase = .open
                self.upgraded(earlyMuxer: false, into: &events)
            case .refused: self.fail(.noSharedMuxer, into: &events)
            case .failed(let failure): self.fail(.negotiation(failure), into: &events)
            }
        case .muxerListener(var listener):
            let result = listener.received(
                &input, supported: [Self.yamuxProtocol], output: &self.muxerOutbound)
            self.phase = .muxerListener(listener)
            switch result {
            case .needMore: break
            case .selected:
                self.phase = .open
                self.upgraded(earlyMuxer: false, into: &events)
            case .failed(let failure): self.fail(.negotiation(failure), into: &events)
            }
        case .securityDialer, .securityListener, .noise, .open, .closed:
            break
        }
    }
}
