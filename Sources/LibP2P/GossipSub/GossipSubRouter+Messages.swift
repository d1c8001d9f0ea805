import LibP2PCore

// MARK: - Others' messages, from arrival to verdict
extension GossipSubRouter {
    mutating func rpcReceived(_ rpc: RPC, from id: PeerID, now: Instant, into outputs: inout [Output]) {
        guard let peer = self.peers.number(of: id) else { return }
        if self.isTracing { self.trace(.receiveRPC(id, RPCCounts(rpc)), into: &outputs) }
        self.seen.expire(now: now)
        self.subscriptionsReceived(rpc.subscriptions, from: peer, now: now, into: &outputs)
        self.messagesReceived(rpc.messages, from: peer, now: now, into: &outputs)
        if rpc.hasControl { self.controlReceived(rpc, from: peer, now: now, into: &outputs) }
    }

    private mutating func messagesReceived(
        _ messages: [Message], from peer: Int, now: Instant, into outputs: inout [Output]
    ) {
        var large: [(topic: Int, id: MessageID)] = []
        for message in messages {
            guard let topic = self.topics.number(of: message.topic), self.topics[topic].isJoined,
                self.topics[topic].allows(self.peers[peer].id),
                let id = self.messageReceived(message, topic: topic, from: peer, into: &outputs)
            else { continue }
            if (message.data?.count ?? 0) >= self.parameters.idontwantThreshold { large.append((topic, id)) }
        }
        self.sendIDontWant(large, besides: peer)
    }

    /// Takes one message; returns its id when it is the first copy of it.
    private mutating func messageReceived(
        _ message: Message, topic: Int, from peer: Int, into outputs: inout [Output]
    ) -> MessageID? {
        let id = self.id(of: message, topic)
        let sender = self.peers[peer].id
        if let failure = message.strictSignForm {
            self.reject(id, topic, from: [sender], RejectReason(failure), into: &outputs)
            return nil
        }
        guard message.from != self.localPeer.bytes else {
            self.reject(id, topic, from: [sender], .selfOrigin, into: &outputs)
            return nil
        }
        if self.seen.contains(id) {
            if let token = self.validating[id] { self.pending[token]?.senders.insert(peer) }
            self.duplicate(id, topic, from: sender, into: &outputs)
            return nil
        }
        let others = self.verifying[id] ?? []
        // The very same bytes have one verdict; others may be a forgery and are verified for themselves.
        if let token = others.first(where: { self.pending[$0]?.message == message }) {
            self.pending[token]?.senders.insert(peer)
            self.duplicate(id, topic, from: sender, into: &outputs)
            return nil
        }
        guard self.pending.count < self.parameters.pendingMessagesMax else {
            self.reject(id, topic, from: [sender], .validationThrottled, into: &outputs)
            return nil
        }
        let token = self.nextToken
        self.nextToken += 1
        self.pending[token] = PendingMessage(
            message: message, id: id, topic: topic, from: sender, senders: NumberSet([peer]))
        self.verifying[id] = others + [token]
        outputs.append(.verify(ValidationToken(number: token), message, from: sender))
        return others.isEmpty ? id : nil
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
            self.reject(item.id, item.topic, from: self.ids(item), RejectReason(failure), into: &outputs)
            return
        }
        // Only what its author signed counts as seen: a forged copy cannot keep the true one out.
        self.seen.expire(now: now)
        guard self.seen.insert(item.id, now: now) else {
            self.pending[token.number] = nil
            if let other = self.validating[item.id] {
                for sender in item.senders { self.pending[other]?.senders.insert(sender) }
            }
            for sender in self.ids(item) { self.duplicate(item.id, item.topic, from: sender, into: &outputs) }
            return
        }
        self.promised[item.id] = nil
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
            self.reject(item.id, item.topic, from: self.ids(item), .validationFailed, into: &outputs)
        case .ignore:
            self.reject(item.id, item.topic, from: self.ids(item), .validationIgnored, into: &outputs)
        case .accept:
            self.topics[item.topic].counters.received += 1
            self.topics[item.topic].counters.bytesReceived += UInt64(item.message.data?.count ?? 0)
            self.topics[item.topic].counters.lastActivity = now
            self.trace(.deliverMessage(item.id, item.message.topic, from: item.from), into: &outputs)
            outputs.append(.deliver(item.message, item.id, from: item.from))
            self.cache.put(item.message, item.id, topic: item.topic)
            self.forward(item.message, item.id, topic: item.topic, besides: item.senders)
        }
    }

    /// The peers that sent a pending message and are still there; never none, so that each is counted once.
    private func ids(_ item: PendingMessage) -> [PeerID] {
        let connected = item.senders.compactMap { self.peers.contains($0) ? self.peers[$0].id : nil }
        return connected.isEmpty ? [item.from] : connected
    }

    private mutating func duplicate(
        _ id: MessageID, _ topic: Int, from peer: PeerID, into outputs: inout [Output]
    ) {
        self.promised[id] = nil
        self.topics[topic].counters.duplicates += 1
        self.trace(.duplicateMessage(id, self.topics[topic].topic, from: peer), into: &outputs)
    }

    /// Drops a message. Whether its senders are to blame follows from the reason.
    private mutating func reject(
        _ id: MessageID, _ topic: Int, from peers: [PeerID], _ reason: RejectReason,
        into outputs: inout [Output]
    ) {
        switch reason {
        case .validationIgnored, .validationThrottled: self.topics[topic].counters.ignored += 1
        default: self.topics[topic].counters.rejected += 1
        }
        for peer in peers {
            self.trace(.rejectMessage(id, self.topics[topic].topic, from: peer, reason), into: &outputs)
        }
    }
}
