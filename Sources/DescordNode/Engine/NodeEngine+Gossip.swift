import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore

extension NodeEngine {
    /// Connects the mesh to the store: what validates, what is counted, what the last run remembered.
    func startGossip() throws {
        self.gossip.setGraftPolicy(self.configuration.presence == .oneShot ? .answersOnly : .active)
        self.gossip.validator = { [unowned self] received, verdict in
            self.validate(received.message, from: received.from, completion: verdict)
        }
        self.gossip.onSubscriberChanged = { [unowned self] peer, topic, isSubscribed in
            if isSubscribed { self.subscriberJoined(peer, topic: topic) }
            self.progressed()
        }
        self.gossip.onPublished = { [unowned self] _, _, _ in self.progressed() }
        self.gossip.onAnnounced = { [unowned self] _ in self.progressed() }
        try self.startTracing()
        let now = self.configuration.wallTime()
        self.gossip.restore(
            try self.store.backoffs(at: now).map { backoff in
                .init(
                    topic: Topic(backoff.topic), peer: backoff.peer,
                    remaining: .milliseconds(backoff.expires.milliseconds - now.milliseconds))
            })
        if self.configuration.presence == .longLived { self.gossip.subscribe(Topic(SpaceTopic.discovery)) }
    }

    /// Decides about a message whose signature is good. Refused is only what is wrong in every state; everything
    /// else that we do not want is ignored, so that an honest forwarder is never blamed.
    private func validate(_ message: Message, from peer: PeerID, completion: @escaping (ValidationResult) -> Void) {
        let topic = message.topic.description
        if topic == SpaceTopic.discovery {
            completion(self.announcements.received(message.data, at: self.configuration.wallTime()))
            self.progressed()
            return
        }
        self.pipeline.submit([.gossip(message.data, topic: topic)], from: .gossip(peer)) { outcomes in
            switch outcomes[0] {
            case .refused: completion(.reject)
            case .foreign, .failed: completion(.ignore)
            case .judged(_, let verdict): completion(verdict.forwards ? .accept : .ignore)
            }
        }
    }

    /// Publishes operations of our own that the store holds; those that nobody subscribes to yet wait for the
    /// first subscriber.
    func publishToMesh(_ ids: [OperationID], in context: SpaceContext) {
        context.unpublished.append(contentsOf: ids)
        self.publishWaiting(in: context)
    }

    private func publishWaiting(in context: SpaceContext) {
        guard !context.unpublished.isEmpty, !self.gossip.subscribers(context.topic).isEmpty else { return }
        let ids = context.unpublished
        context.unpublished = []
        for id in ids {
            guard let publication = try? self.store.publication(id) else { continue }  // deleted meanwhile
            let outcome = self.gossip.publish(
                publication.encoded, to: context.topic, seqno: publication.gossipSeqno)
            if case .failure(let refusal) = outcome {
                self.logger.debug("not published", metadata: ["operation": "\(id)", "why": "\(refusal)"])
            }
        }
    }

    private func subscriberJoined(_ peer: PeerID, topic: Topic) {
        if topic.description == SpaceTopic.discovery {
            self.announcePublicSpaces(to: peer)
            return
        }
        for context in self.spaces where context.topic == topic { self.publishWaiting(in: context) }
    }

    /// Announces our public spaces when somebody new listens for announcements; bounded by the table's rate.
    private func announcePublicSpaces(to peer: PeerID) {
        guard self.configuration.presence == .longLived else { return }
        let topic = Topic(SpaceTopic.discovery)
        for context in self.spaces where context.isPublic {
            guard self.announcements.mayAnnounce(context.id, at: self.configuration.wallTime()),
                let genesis = try? self.store.operation(context.id),  // a space that we hold has its genesis
                let seqno = try? self.store.nextGossipSeqno()
            else { continue }
            _ = self.gossip.publish(genesis.encoded, to: topic, seqno: seqno)  // announced again at the next chance
        }
    }

    /// Whether every connected peer that speaks gossipsub has told us its subscriptions.
    var subscriptionsAreKnown: Bool {
        self.host.connections.allSatisfy { connection in
            if self.gossip.hasAnnounced(connection.peer) { return true }
            guard let protocols = connection.identify?.protocols else { return false }
            return !protocols.contains { GossipSubProtocol(rawValue: $0) != nil }
        }
    }

    func persistBackoffs() {
        let now = self.configuration.wallTime()
        let backoffs = self.gossip.backoffs.map { backoff in
            StoredBackoff(topic: backoff.topic.description, peer: backoff.peer, expires: now + backoff.remaining)
        }
        let store = self.store
        self.pipeline.write { try store.saveBackoffs(backoffs, at: now) }
    }

    func recordMetrics() {
        let now = self.configuration.wallTime()
        let metrics = self.spaces.map { context in
            TopicMetricsDelta(
                topic: context.topic.description, counters: self.gossip.counters(context.topic),
                meshPeers: self.gossip.meshPeers(context.topic).count)
        }
        let store = self.store
        self.pipeline.write { try store.addMetrics(metrics, at: now) }
    }
}

extension NodeEngine {
    /// Writes the trace that the configuration asks for.
    private func startTracing() throws {
        guard let path = self.configuration.traceFile else { return }
        let writer = try TraceWriter(path: path, wallTime: self.configuration.wallTime)
        self.gossip.onTrace = { writer.write($0) }
    }
}
