import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import NIOCore

extension NodeEngine {
    /// Connects the mesh to the store: what validates, what is counted, what the last run remembered.
    func startGossip() throws {
        self.gossip.setGraftPolicy(self.configuration.presence == .oneShot ? .answerOnly : .full)
        self.gossip.validator = { [unowned self] message, from, completion in
            self.validate(message, from: from, completion: completion)
        }
        self.gossip.onSubscriberChanged = { [unowned self] peer, topic, isSubscribed in
            if isSubscribed { self.subscriberJoined(peer, topic: topic) }
            self.progressed()
        }
        self.gossip.onPublished = { [unowned self] in self.progressed() }
        let now = self.configuration.wallTime()
        self.gossip.restoreBackoffs(
            try self.store.backoffs(at: now).map { backoff in
                (topic: Topic(backoff.topic), peer: backoff.peer, remaining: backoff.expires - now)
            })
        self.gossip.start()
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
        guard !context.unpublished.isEmpty, self.gossip.hasSubscribers(context.topic) else { return }
        let ids = context.unpublished
        context.unpublished = []
        for id in ids {
            guard let publication = try? self.store.publication(id) else { continue }  // deleted meanwhile
            self.gossip.publish(
                Message.signed(
                    topic: context.topic, data: publication.encoded, seqno: publication.gossipSeqno, by: self.key))
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
            self.gossip.publish(Message.signed(topic: topic, data: genesis.encoded, seqno: seqno, by: self.key))
        }
    }

    /// Whether every connected peer that speaks gossipsub has told us its subscriptions.
    var subscriptionsAreKnown: Bool {
        self.host.connections.allSatisfy { self.gossip.hasSaidHello($0.peer) }
    }

    func persistBackoffs() {
        let now = self.configuration.wallTime()
        let backoffs = self.gossip.backoffs().map { backoff in
            StoredBackoff(topic: backoff.topic.description, peer: backoff.peer, expires: now + backoff.remaining)
        }
        let store = self.store
        self.pipeline.write { try store.saveBackoffs(backoffs, at: now) }
    }

    func recordMetrics() {
        let now = self.configuration.wallTime()
        let metrics = self.spaces.map { context in
            TopicMetricsDelta(
                topic: context.topic.description, counters: self.gossip.counters(of: context.topic),
                meshPeers: self.gossip.meshPeers(of: context.topic).count)
        }
        let store = self.store
        self.pipeline.write { try store.addMetrics(metrics, at: now) }
    }
}
