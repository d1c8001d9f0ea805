import LibP2PCore

/// Whether a node asks for places in other nodes' meshes.
public enum GraftPolicy: Sendable {
    /// Keeps its meshes at their degree.
    case active
    /// Takes part in a mesh when asked, and never asks: for commands that are gone in a moment.
    case answersOnly
}

/// The numbers of the router (gossipsub v1.1 "Parameters", v1.2 "Parameters"); the defaults are
/// go-libp2p-pubsub's.
public struct GossipSubParameters: Sendable, Equatable {
    /// D: the mesh's target size.
    public var degree = 6
    /// D_low: below it the mesh is filled up to D.
    public var degreeLow = 5
    /// D_high: at it the mesh is cut down to D, and inbound peers' GRAFTs are refused.
    public var degreeHigh = 12
    /// D_score: how many of the best are kept when the mesh is cut.
    public var degreeScore = 4
    /// D_out: how many peers that we dialled stay in the mesh.
    public var degreeOut = 2
    /// D_lazy: the fewest peers that gossip goes to.
    public var degreeLazy = 6
    /// The share of the other subscribers that gossip goes to, 0 to 1.
    public var gossipFactor = 0.25

    /// The time between two heartbeats.
    public var heartbeatInterval: Duration = .seconds(1)
    /// The time before the first heartbeat.
    public var heartbeatInitialDelay: Duration = .milliseconds(100)

    /// For how many heartbeats messages can be asked for.
    public var historyLength = 5
    /// The ids of how many heartbeats are gossiped.
    public var historyGossip = 3
    /// The most bytes of messages that are kept for IWANT; the oldest leave first.
    public var historyBytesMax = 64 << 20
    /// For how long a message is known after it was first seen.
    public var seenTTL: Duration = .seconds(120)
    /// The most messages that are remembered as seen; the oldest leave first.
    public var seenCountMax = 262_144

    /// For how long the peers that we publish to without being subscribed are kept.
    public var fanoutTTL: Duration = .seconds(60)
    /// The backoff after a PRUNE.
    public var pruneBackoff: Duration = .seconds(60)
    /// The backoff after leaving a topic.
    public var unsubscribeBackoff: Duration = .seconds(10)
    /// The longest backoff that a peer can impose, whatever number it sends.
    public var backoffMax: Duration = .seconds(3_600)
    /// The most backoffs that are remembered; those that end first leave first.
    public var backoffCountMax = 8_192
    /// A GRAFT that comes so soon after the PRUNE that forbade it is punished twice.
    public var graftFloodThreshold: Duration = .seconds(10)

    /// Every so many heartbeats it is looked for better peers than those in the mesh.
    public var opportunisticGraftTicks = 60
    /// How many better peers are grafted then.
    public var opportunisticGraftPeers = 2

    /// Whether a PRUNE offers other peers, and offers are taken (peer exchange).
    public var exchangesPeers = false
    /// The most peers that a PRUNE offers, and that are taken from one.
    public var prunePeers = 16
    /// How many peers from exchange are dialled at a time.
    public var connectors = 8
    /// How many wait to be dialled.
    public var maxPendingConnections = 128
    /// How long dialling one of them may take.
    public var connectionTimeout: Duration = .seconds(30)

    /// Every so many heartbeats direct peers that are not connected are dialled.
    public var directConnectTicks = 300
    /// How long after the start direct peers are dialled for the first time.
    public var directConnectInitialDelay: Duration = .seconds(1)

    /// Whether own messages go to all subscribers rather than to the mesh.
    public var floodPublish = false
    /// Whether own messages also go to subscribers outside the mesh, up to D, while the mesh is below D_low.
    public var smallMeshPublish = true
    /// Whether own messages that found no subscriber at all are handed to the first ones that appear.
    public var holdsUnsentPublications = true
    /// Whether a peer that subscribes is grafted at once while the mesh is below D_low, as rust-libp2p does.
    public var graftsOnSubscribe = true
    /// Whether the node asks for places in meshes.
    public var graftPolicy = GraftPolicy.active

    /// The most ids that are asked of a peer in a heartbeat, and that one IHAVE holds.
    public var maxIHaveLength = 5_000
    /// The most RPCs with IHAVE that a peer may send in a heartbeat.
    public var maxIHaveMessages = 10
    /// For how long a peer may take to deliver what it advertised.
    public var iwantFollowupTime: Duration = .seconds(3)
    /// How often one message is sent to one peer that asks for it.
    public var gossipRetransmission = 3

    /// From how many bytes of data on a message is announced by IDONTWANT.
    public var idontwantThreshold = 1_024
    /// The most RPCs with IDONTWANT that are honoured of a peer in a heartbeat.
    public var maxIDontWantMessages = 1_000
    /// The most ids of one RPC's IDONTWANT that are honoured.
    public var maxIDontWantLength = 10
    /// For how many heartbeats an IDONTWANT is honoured.
    public var idontwantTTLHeartbeats = 3
    /// The most ids that one peer's IDONTWANT can make us remember.
    public var unwantedCountMax = 10_000

    /// Whether the test extension is announced (v1.3); of use to nobody but tests of other implementations.
    public var hasTestExtension = false

    /// The largest RPC, in bytes, without its length.
    public var maxRPCSize = RPC.maxSize
    /// The most topics that one peer can be subscribed to.
    public var topicsPerPeerMax = 1_024
    /// The most bytes of topic names that one peer can be subscribed to.
    public var topicBytesPerPeerMax = 131_072
    /// The most messages whose verification or validation is pending; more are dropped, unseen.
    public var pendingMessagesMax = 8_192

    /// The most announcements in one RPC; one with more is ignored as a whole.
    public var subscriptionsPerRPCMax = RPC.subscriptionCountMax

    /// How behaviour becomes score; nil: everybody's is 0.
    public var score: PeerScoreParameters?
    /// What scores lead to.
    public var thresholds = PeerScoreThresholds()
    /// How traffic is thinned out under load; nil: not at all.
    public var peerGater: PeerGaterParameters?

    /// Whether D follows the number of known members that are online and the redundancy that is observed.
    public var adaptsDegree = false
    /// Whether the application's urgent messages overtake others in the queues.
    public var prioritises = true
    /// What one topic may send; what is over waits.
    public var topicRateLimit = RateLimit()
    /// What one peer may be sent; what is over waits.
    public var peerRateLimit = RateLimit()

    /// go-libp2p-pubsub's defaults, with flooding and holding off as there.
    public init() {}
}
