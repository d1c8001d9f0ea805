/// Which topics of peers are taken note of; all of ours are, whatever it says.
public enum SubscriptionFilter: Hashable, Sendable {
    case all
    /// These alone.
    case topics(Set<Topic>)
    /// Those that begin with one of these.
    case prefixes([Topic])

    /// Returns whether a peer's subscription to `topic` is taken note of.
    public func allows(_ topic: Topic) -> Bool {
        switch self {
        case .all: true
        case .topics(let topics): topics.contains(topic)
        case .prefixes(let prefixes): prefixes.contains { topic.bytes.starts(with: $0.bytes) }
        }
    }
}
