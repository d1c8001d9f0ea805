import LibP2PCore

/// How a peer is connected: what scoring and the mesh's outbound quota need.
public struct PeerConnection: Hashable, Sendable {
    /// Who dialled.
    public enum Direction: Hashable, Sendable {
        case inbound
        case outbound
    }

    public var direction: Direction
    public var address: Multiaddr?
    public var protocolID: GossipSubProtocol

    public init(direction: Direction, address: Multiaddr?, protocolID: GossipSubProtocol) {
        self.direction = direction
        self.address = address
        self.protocolID = protocolID
    }
}

/// Names one message on its way through verification and validation; never used twice.
public struct ValidationToken: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}

/// What the application says about a message.
public enum ValidationResult: Hashable, Sendable {
    /// Good: deliver and forward it.
    case accept
    /// Not for us to judge, or not now: drop it, and punish nobody.
    case ignore
    /// Wrong in every state: drop it, and hold it against the peers that sent it.
    case reject
    /// Good, and what others wait for: delivered, and forwarded ahead of what is merely accepted.
    case acceptUrgent
    /// A sign of life, not a message: forwarded, but neither delivered nor counted, and nobody's merit.
    case presence
}

/// Why a peer should be dialled.
public enum DialReason: Hashable, Sendable {
    /// A PRUNE offered it.
    case peerExchange
    /// It is a direct peer that is not connected.
    case direct
}

/// A peer that must not be grafted into a topic's mesh until `expires`.
public struct Backoff: Hashable, Sendable {
    public var topic: Topic
    public var peer: PeerID
    public var expires: Instant

    public init(topic: Topic, peer: PeerID, expires: Instant) {
        self.topic = topic
        self.peer = peer
        self.expires = expires
    }
}

/// Why a publication went nowhere.
public enum PublicationFailure: Hashable, Sendable {
    /// The id was seen before.
    case duplicate
    /// An RPC with this message alone is larger than `maxRPCSize`.
    case tooLarge
}

/// In which order a peer's outbound queue is drained.
public enum SendPriority: Int, CaseIterable, Comparable, Sendable {
    /// What changes a peer's view of us, and what is worth nothing when it comes late.
    case control
    /// Messages that others wait for, own or not.
    case urgent
    /// Own messages.
    case own
    /// Other peers' messages, and gossip.
    case forwarded

    public static func < (a: SendPriority, b: SendPriority) -> Bool {
        a.rawValue < b.rawValue
    }
}

extension GossipSubRouter {
    /// What happened, or what is wanted.
    public enum Input: Sendable {
        /// A peer can be sent RPCs. Its hello goes out at once. Again for the same peer: its connection
        /// changed.
        case peerConnected(PeerID, PeerConnection)
        /// A connected peer forgot what it was told, as its new stream shows; ours is the one that it was.
        case peerBeganAgain(PeerID)
        /// A peer is gone.
        case peerDisconnected(PeerID)
        /// A decoded RPC of a connected peer.
        case rpcReceived(PeerID, RPC)
        /// Join a topic.
        case subscribe(Topic)
        /// Leave a topic.
        case unsubscribe(Topic)
        /// Send a complete, signed message of our own; an urgent one goes ahead of others in the queues.
        case publish(Message, isUrgent: Bool = false)
        /// The answer to `.verify`: nil when the message is good.
        case verified(ValidationToken, StrictSignFailure?)
        /// The answer to `.validate`.
        case validated(ValidationToken, ValidationResult)
        /// An RPC did not fit into the peer's outbound queue and was dropped.
        case queueFull(PeerID, RPC)
        /// Change a topic's settings.
        case setTopicConfiguration(Topic, TopicConfiguration)
        /// Let only these peers count as subscribers of a topic; nil: everybody.
        case setAllowedPeers(Topic, Set<PeerID>?)
        /// Remember backoffs of an earlier run: no GRAFT is sent into them, but one that comes is not
        /// refused.
        case restoreBackoffs([Backoff])
        /// Start or stop asking for places in meshes.
        case setGraftPolicy(GraftPolicy)
        /// Keep these peers outside of meshes, and always send them everything (explicit peering
        /// agreements). They are dialled when they are not connected.
        case setDirectPeers(Set<PeerID>)
        /// Take nothing from these peers, and nothing that they wrote.
        case setBlockedPeers(Set<PeerID>)
        /// Say which topics of peers are taken note of from now on.
        case setSubscriptionFilter(SubscriptionFilter)
        /// The application's own score of a peer (P5); nil: the default.
        case setApplicationScore(PeerID, Double?)
        /// Score a topic by other parameters from now on; nil: by the defaults.
        case setTopicScore(Topic, TopicScoreParameters?)
        /// What a peer signed about its addresses: to be offered to others in exchange.
        case signedPeerRecord(PeerID, [UInt8])
        /// Remember scores of an earlier run.
        case restoreScores([RetainedScore])
        /// How many members of a topic are known to be online, ourselves not counted; nil: unknown. Only an
        /// adaptive mesh asks.
        case setOnlineMembers(Topic, Int?)
    }

    /// What the driver has to do.
    public enum Output: Sendable {
        /// Send an RPC that is no larger than `maxRPCSize`.
        case send(PeerID, RPC, SendPriority)
        /// Verify a message's signature (`Message.verify()`) and answer with `.verified`.
        case verify(ValidationToken, Message, from: PeerID)
        /// Ask the application about a message whose signature is good, and answer with `.validated`.
        case validate(ValidationToken, Message, MessageID, from: PeerID)
        /// Hand a message to the application.
        case deliver(Message, MessageID, from: PeerID)
        /// An own message was handed to these peers; again for the same message when it found peers later.
        case published(MessageID, Topic, to: [PeerID])
        /// An own message was not sent.
        case publicationRefused(MessageID, Topic, PublicationFailure)
        /// A peer that counts as a subscriber of a topic appeared or left.
        case subscriberChanged(PeerID, Topic, isSubscribed: Bool)
        /// Connect to a peer, if at all possible. `addresses` are the peer's own, signed; none: whatever is
        /// known.
        case dial(PeerID, [Multiaddr], DialReason)
        /// Something that a tracer may want to know.
        case trace(TraceEvent)
    }
}
