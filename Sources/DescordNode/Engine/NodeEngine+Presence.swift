import DescordCore
import DescordStore
import LibP2P
import LibP2PCore
import LibP2PHost
import Logging
import NIOCore

extension NodeEngine {
    /// Joins the two topics of presence and begins to send heartbeats, when the profile has them and the node
    /// stays.
    func startPresence() {
        guard let parameters = self.presenceParameters else { return }
        for kind in PresenceHeartbeat.Kind.allCases {
            self.gossip.subscribe(Self.presenceTopic(kind, parameters))
        }
        self.scheduleHeartbeats(parameters)
    }

    /// What the node shows its presence by; nil: by nothing.
    private var presenceParameters: PresenceParameters? {
        self.configuration.presence == .longLived ? self.configuration.presenceHeartbeats : nil
    }

    static func presenceTopic(_ kind: PresenceHeartbeat.Kind, _ parameters: PresenceParameters) -> Topic {
        Topic(parameters.prefix + kind.topicSuffix)
    }

    /// Whether a topic is one of the two.
    func isPresenceTopic(_ topic: Topic) -> Bool {
        guard let parameters = self.presenceParameters else { return false }
        return PresenceHeartbeat.Kind.allCases.contains { Self.presenceTopic($0, parameters) == topic }
    }

    private func scheduleHeartbeats(_ parameters: PresenceParameters) {
        let delay = TimeAmount.nanoseconds(parameters.interval.saturatedNanoseconds)
        self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            guard let self, !self.isStopping else { return }
            self.sendHeartbeats(parameters)
            self.scheduleHeartbeats(parameters)
        }
    }

    /// Sends one heartbeat on each topic that somebody is subscribed to: to nobody is said that we are here.
    private func sendHeartbeats(_ parameters: PresenceParameters) {
        let kinds = PresenceHeartbeat.Kind.allCases.filter {
            !self.gossip.subscribers(Self.presenceTopic($0, parameters)).isEmpty
        }
        guard !kinds.isEmpty else { return }
        let number = self.heartbeatCount
        self.heartbeatCount += 1
        let store = self.store
        // Two numbers, in the order of the topics: an author's never go back.
        self.pipeline.write {
            try kinds.map { _ in try store.nextGossipSeqno() }
        } completion: { [weak self] result in
            guard let self, !self.isStopping, case .success(let seqnos) = result else { return }
            let now = self.configuration.wallTime()
            for (kind, seqno) in zip(kinds, seqnos) {
                let bytes = PresenceHeartbeat(kind: kind).encoded(from: self.peerID, number: number, at: now)
                let topic = Self.presenceTopic(kind, parameters)
                if case .failure(let why) = self.gossip.publish(bytes, to: topic, seqno: seqno) {
                    self.logger.debug("no heartbeat was sent", metadata: ["why": "\(why)"])
                }
            }
        }
    }
}
