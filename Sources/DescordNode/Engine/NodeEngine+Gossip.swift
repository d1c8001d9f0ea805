import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore

extension NodeEngine {
    /// Connects the mesh to the store: what validates, what is counted, what the last run remembered.
    func startGossip() throws {
        self.gossip.setGraftPolicy(self.configuration.presence == .oneShot ? .answersOnly : .active)
        self.gossip.validator = { [unowned self] received, verdict in
            self.validate(received.message, from: received.from, completion: verdict)
        }
        self.gossip.onSubscriberChanged = { [unowned self] peer, topic, isSubscribed in
            if isSubscribed, topic.description == SpaceTopic.discovery { self.announcePublicSpaces() }
            self.progressed()
        }
        self.gossip.onPublished = { [unowned self] id, topic, peers in
            if !peers.isEmpty {
                for context in self.spaces where context.topic == topic { context.unsent.remove(id) }
            }
            self.progressed()
        }
        self.gossip.onAnnounced = { [unowned self] _ in self.progressed() }
        try self.startTracing()
        let now = self.configuration.wallTime()
        self.gossip.restore(
            try self.store.backoffs(at: now).map { backoff in
                .init(
                    topic: Topic(backoff.topic), peer: backoff.peer,
                    remaining: .milliseconds(backoff.expires.milliseconds - now.milliseconds))
            })
        self.gossip.restore(try self.store.scores(at: now).map { RetainedScore($0, at: now) })
        if self.configuration.presence == .longLived { self.gossip.subscribe(Topic(SpaceTopic.discovery)) }
        self.startPresence()
    }

    /// Decides about a message whose signature is good. Refused is only what is wrong in every state;
    /// everything else that we do not want is ignored, so that an honest forwarder is never blamed.
    private func validate(
        _ message: Message, from peer: PeerID, completion: @escaping (ValidationResult) -> Void
    ) {
        let topic = message.topic.description
        if topic == SpaceTopic.discovery {
            completion(self.announcements.received(message.data ?? [], at: self.configuration.wallTime()))
            self.progressed()
            return
        }
        if self.isPresenceTopic(message.topic) {
            completion(self.presenceGate.judge(message.data ?? [], by: message.author, now: self.host.now))
            self.progressed()
            return
        }
        let received = self.configuration.wallTime()
        self.pipeline.submit([.gossip(message.data ?? [], topic: topic)], from: .gossip(peer)) {
            [unowned self] outcomes in
            switch outcomes[0] {
            case .refused: completion(.reject)
            case .foreign, .failed: completion(.ignore)
            case .judged(let operation, .duplicate):
                self.measureCopy(of: operation, in: message.topic)
                completion(self.recentlySynced.remove(operation.id) ? .accept : .ignore)
            case .judged(let operation, let verdict):
                if verdict.forwards {
                    self.measureDelivery(of: operation, in: message.topic, at: received)
                }
                completion(Self.result(of: verdict, for: operation))
            }
        }
    }

    /// What passes on, and how fast. What changes who may do what overtakes chat, but only once it is in
    /// force here: an operation that merely claims to be one waits its turn.
    private static func result(
        of verdict: IngestVerdict, for operation: DescordCore.Operation
    ) -> ValidationResult {
        guard verdict.forwards else { return .ignore }
        switch verdict {
        case .stored, .requested: return operation.operationClass == .authority ? .acceptUrgent : .accept
        default: return .accept
        }
    }

    /// Publishes operations that the store holds; the router keeps those that nobody subscribes to yet for
    /// the first subscriber.
    func publishToMesh(_ ids: [OperationID], in context: SpaceContext) {
        for id in ids {
            guard let publication = try? self.publication(of: id) else { continue }  // deleted meanwhile
            let outcome = self.gossip.publish(
                publication.bytes, to: context.topic, seqno: publication.seqno,
                isUrgent: publication.isUrgent)
            switch outcome {
            case .success(let publication) where publication.peers.isEmpty:
                context.unsent.insert(publication.id)
            case .success: break
            case .failure(let refusal):
                self.logger.debug("not published", metadata: ["operation": "\(id)", "why": "\(refusal)"])
            }
        }
    }

    /// Announces our public spaces when somebody new listens for announcements; bounded by the table's rate.
    private func announcePublicSpaces() {
        guard self.configuration.presence == .longLived else { return }
        let topic = Topic(SpaceTopic.discovery)
        for context in self.spaces where context.isPublic {
            guard self.announcements.mayAnnounce(context.id, at: self.configuration.wallTime()),
                let genesis = try? self.store.operation(context.id),  // a space that we hold has its genesis
                let seqno = try? self.store.nextGossipSeqno()
            else { continue }
            // Announced again at the next chance.
            _ = self.gossip.publish(genesis.encoded, to: topic, seqno: seqno)
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

    /// Keeps backoffs and scores for the next run.
    func persistGossip() {
        let now = self.configuration.wallTime()
        let scores = self.gossip.retainedScores.map { StoredScore($0, at: now) }
        let backoffs = self.gossip.backoffs.map { backoff in
            StoredBackoff(
                topic: backoff.topic.description, peer: backoff.peer, expires: now + backoff.remaining)
        }
        let store = self.store
        self.pipeline.write {
            try store.saveBackoffs(backoffs, at: now)
            try store.saveScores(scores, at: now)
        }
    }
}

extension NodeEngine {
    /// The encoded operation and its gossip number: its own, when it was authored here, or a new one.
    private func publication(
        of id: OperationID
    ) throws -> (bytes: [UInt8], seqno: UInt64, isUrgent: Bool)? {
        guard let stored = try self.store.operation(id) else { return nil }
        let isUrgent = stored.operationClass == .authority
        if let own = try self.store.publication(id) { return (own.encoded, own.gossipSeqno, isUrgent) }
        return (stored.encoded, try self.store.nextGossipSeqno(), isUrgent)
    }

    /// Writes the trace that the configuration asks for.
    private func startTracing() throws {
        guard let path = self.configuration.traceFile else { return }
        let writer = try TraceWriter(
            path: path, peer: self.peerID, wallTime: self.configuration.wallTime)
        self.gossip.onTrace = { writer.write($0) }
    }
}
