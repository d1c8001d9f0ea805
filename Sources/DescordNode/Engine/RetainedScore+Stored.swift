import DescordStore
import LibP2P
import LibP2PCore

extension RetainedScore {
    /// What an earlier run left.
    init(_ stored: StoredScore, at now: WallTime) {
        self.init(
            peer: stored.peer,
            remaining: .milliseconds(stored.expires.milliseconds - now.milliseconds))
        behaviourPenalty = stored.behaviourPenalty
        topics = stored.topics.map { stored in
            var topic = RetainedScore.Topic(LibP2P.Topic(stored.name))
            topic.isHeldToMeshDeliveries = stored.isHeldToMeshDeliveries
            topic.meshMessageDeliveries = stored.meshMessageDeliveries
            topic.meshFailurePenalty = stored.meshFailurePenalty
            topic.invalidMessageDeliveries = stored.invalidMessageDeliveries
            return topic
        }
    }
}

extension StoredScore {
    /// What a later run is to know.
    init(_ score: RetainedScore, at now: WallTime) {
        self.init(
            peer: score.peer, expires: now + score.remaining, behaviourPenalty: score.behaviourPenalty,
            topics: score.topics.map {
                StoredScore.Topic(
                    name: $0.topic.description, isHeldToMeshDeliveries: $0.isHeldToMeshDeliveries,
                    meshMessageDeliveries: $0.meshMessageDeliveries,
                    meshFailurePenalty: $0.meshFailurePenalty,
                    invalidMessageDeliveries: $0.invalidMessageDeliveries)
            })
    }
}
