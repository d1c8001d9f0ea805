import LibP2PCore

// MARK: - Others' messages, from arrival to verdict
extension GossipSubRouter {
    mutating func rpcReceived(_ rpc: RPC, from id: PeerID, now: Instant, into outputs: inout [Output]) {
        guard let peer = self.peers.number(of: id) else { return }
        if self.isTracing { self.trace(.receiveRPC(id, RPCCounts(rpc)), into: &outputs) }
        guard rpc.subscriptions.count <= self.parameters.subscriptionsPerRPCMax,
            !self.blockedPeers.contains(id)
        else { return }
        self.peers[peer].isFirstRPC = !self.peers[peer].hasSentRPC
        self.peers[peer].hasSentRPC = true
        self.seen.expire(now: now)
        if !rpc.subscriptions.isEmpty {
            self.subscriptionsReceived(rpc.subscriptions, from: peer, now: now, into: &outputs)
        }
        guard self.isHeard(peer) else { return }
        if !rpc.messages.isEmpty, self.passesGater(peer, now: now) {
            self.messagesReceived(rpc.messages, from: peer, now: now, into: &outputs)
        }
        if rpc.hasControl { self.controlReceived(rpc, from: peer, now: now, into: &outputs) }
    }

    private mutating func messagesReceived(
        _ messages: [Message], from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        let messages = messages.span
        for index in messages.indices {
            guard let topic = self.topics.number(of: messages[index].topic), self.topics[topic].isJoined,
                self.topics[topic].allows(self.peers[peer].id)
            else { continue }
            self.messageReceived(messages[index], topic: topic, from: peer, now: now, into: &outputs)
        }
    }

    /// Takes one message.
    private mutating func messageReceived(
        _ message: Message, topic: Int, from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        let id = self.id(of: message, topic)
        if let failure = message.strictSignForm {
            self.reject(id, topic, from: peer, Self.reason(failure), now: now, into: &outputs)
            return
        }
        if !self.blockedPeers.isEmpty, let author = message.author, self.blockedPeers.contains(author) {
            self.reject(id, topic, from: peer, .blacklistedSource, now: now, into: &outputs)
            return
        }
        if self.seen.contains(id) {
            if let token = self.validating[id] { self.pending[token]?.senders.insert(peer) }
            self.duplicate(id, topic, from: peer, now: now, into: &outputs)
            return
        }
        let others = self.verifying[id] ?? []
        // The very same bytes have one verdict; others may be a forgery and are verified for themselves.
        if let token = others.first(where: { self.pending[$0]?.message == message }) {
            self.pending[token]?.senders.insert(peer)
            self.duplicate(id, topic, from: peer, now: now, into: &outputs)
            return
        }
        if let size = self.topics[topic].configuration?.maxMessageSize, message.encodedSizeInRPC > size {
            // Before the signature is good nothing is said about the message, only about this copy.
            self.reject(id, topic, from: peer, .validationQueueFull, now: now, into: &outputs)
            return
        }
        guard self.pending.count < self.parameters.pendingMessagesMax else {
            self.throttle(id, topic, from: peer, now: now, into: &outputs)
            return
        }
        let token = self.nextToken
        self.nextToken += 1
        self.pending[token] = PendingMessage(
            message: message, id: id, topic: topic, from: self.peers[peer].id, sender: peer,
            senders: NumberSet([peer]))
        self.verifying[id] = others + [token]
        outputs.append(.verify(ValidationToken(number: token), message, from: self.peers[peer].id))
    }

    mutating func verified(
        _ token: ValidationToken, _ failure: StrictSignFailure?, now: Instant, into outputs: inout [Output]
    ) {
        guard let item = self.pending[token.number], !item.isVerified else { return }
        self.verifying[item.id]?.removeAll { $0 == token.number }
        if self.verifying[item.id]?.isEmpty == true { self.verifying[item.id] = nil }
        guard self.topics.contains(item.topic), self.topics[item.topic].isJoined else {
            self.pending[token.number] = nil
            return
        }
        if let failure {
            self.pending[token.number] = nil
            // Each of them sent these very bytes.
            for sender in item.senders {
                self.reject(
                    item.id, item.topic, from: sender, Self.reason(failure), now: now, into: &outputs)
            }
            return
        }
        // Only what its author signed counts as seen: a forged copy cannot keep the true one out.
        self.seen.expire(now: now)
        guard self.seen.insert(item.id, now: now) else {
            self.pending[token.number] = nil
            if let other = self.validating[item.id] {
                for sender in item.senders { self.pending[other]?.senders.insert(sender) }
            }
            for sender in item.senders {
                self.duplicate(item.id, item.topic, from: sender, now: now, into: &outputs)
            }
            return
        }
        self.promised[item.id] = nil
        guard item.message.from != self.localPeer.bytes else {
            // We wrote it in an earlier run, or long ago, and asked for it because we no longer knew.
            self.pending[token.number] = nil
            for sender in item.senders {
                self.reject(item.id, item.topic, from: sender, .selfOrigin, now: now, into: &outputs)
            }
            return
        }
        if (item.message.data?.count ?? 0) >= self.parameters.idontwantThreshold {
            self.sendIDontWant(item.id, in: item.topic, besides: item.senders)
        }
        self.scores?.validationStarted(item.id, now: now)
        self.gater?.validationStarted()
        self.pending[token.number]?.isVerified = true
        self.validating[item.id] = token.number
        outputs.append(.validate(token, item.message, item.id, from: item.from))
    }

    mutating func validated(
        _ token: ValidationToken, _ result: ValidationResult, now: Instant, into outputs: inout [Output]
    ) {
        guard let item = self.pending[token.number], item.isVerified else { return }
        self.pending[token.number] = nil
        self.validating[item.id] = nil
        guard self.topics.contains(item.topic), self.topics[item.topic].isJoined else { return }
        switch result {
        case .reject:
            // The score remembers who else brought it meanwhile.
            self.reject(item.id, item.topic, from: item.sender, .validationFailed, now: now, into: &outputs)
            for sender in item.senders { self.dropIfGraylisted(sender, now: now, into: &outputs) }
        case .ignore:
            self.reject(item.id, item.topic, from: item.sender, .validationIgnored, now: now, into: &outputs)
        case .presence:
            self.topics[item.topic].counters.presence += 1
            self.scores?.rejected(
                item.id, item.message.topic, from: item.sender, .validationIgnored, now: now)
            self.cache.put(item.message, item.id, topic: item.topic)
            self.forward(item, .forwarded)
        case .accept, .acceptUrgent:
            self.topics[item.topic].counters.received += 1
            self.topics[item.topic].counters.bytesReceived += UInt64(item.message.data?.count ?? 0)
            self.topics[item.topic].counters.lastActivity = now
            if self.parameters.adaptsDegree {
                self.topics[item.topic].redundancy.messageReceived(from: item.sender)
            }
            self.scores?.delivered(item.id, item.message.topic, from: item.sender, now: now)
            self.gater?.delivered(from: item.sender)
            self.trace(.deliverMessage(item.id, item.message.topic, from: item.from), into: &outputs)
            outputs.append(.deliver(item.message, item.id, from: item.from))
            self.cache.put(item.message, item.id, topic: item.topic)
            let isUrgent = result == .acceptUrgent && self.parameters.prioritises
            self.forward(item, isUrgent ? .urgent : .forwarded)
        }
    }

    private mutating func duplicate(
        _ id: MessageID, _ topic: Int, from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        self.promised[id] = nil
        self.topics[topic].counters.duplicates += 1
        if self.parameters.adaptsDegree { self.topics[topic].redundancy.copyReceived(from: peer) }
        guard self.peers.contains(peer) else { return }
        self.scores?.duplicate(id, self.topics[topic].topic, from: peer, now: now)
        self.gater?.duplicate(from: peer)
        if self.isTracing {
            let name = self.topics[topic].topic
            self.trace(.duplicateMessage(id, name, from: self.peers[peer].id), into: &outputs)
        }
    }

    /// Drops a message. Whether its sender is to blame follows from the reason.
    private mutating func reject(
        _ id: MessageID, _ topic: Int, from peer: Int, _ reason: RejectReason, now: Instant,
        into outputs: inout [Output]
    ) {
        switch reason {
        case .selfOrigin, .validationIgnored, .validationThrottled, .validationQueueFull:
            self.topics[topic].counters.ignored += 1
        default: self.topics[topic].counters.rejected += 1
        }
        let name = self.topics[topic].topic
        // What we wrote ourselves was passed on in good faith.
        let isOffence = reason != .selfOrigin
        if isOffence { self.scores?.rejected(id, name, from: peer, reason, now: now) }
        guard self.peers.contains(peer) else { return }
        if isOffence { self.gater?.rejected(from: peer, reason, now: now) }
        self.trace(.rejectMessage(id, name, from: self.peers[peer].id, reason), into: &outputs)
        self.dropIfGraylisted(peer, now: now, into: &outputs)
    }

    /// A key that cannot be checked is no offence, and says nothing about the message.
    private static func reason(_ failure: StrictSignFailure) -> RejectReason {
        failure == .unsupportedKey ? .validationQueueFull : RejectReason(failure)
    }

    /// There is no room to validate a message: nobody's fault, and what its sender promised is forgiven.
    private mutating func throttle(
        _ id: MessageID, _ topic: Int, from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        // Nothing is known of the message yet: as in a full queue, nobody's record of it changes.
        self.reject(id, topic, from: peer, .validationQueueFull, now: now, into: &outputs)
        self.forgivePromises(of: peer)
    }
}
