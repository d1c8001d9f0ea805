import LibP2PCore

/// One pubsub exchange: what a frame on a gossipsub stream holds (libp2p specs "pubsub" and "gossipsub
/// v1.2").
public struct RPC: Hashable, Sendable {
    /// The largest encoded RPC that is sent or accepted, without the length in front: go-libp2p-pubsub's
    /// default.
    public static let maxSize = 1_048_576

    /// An announcement that a peer (un)subscribed.
    public struct Subscription: Hashable, Sendable {
        public var topic: Topic
        public var isSubscribed: Bool

        public init(_ topic: Topic, isSubscribed: Bool) {
            self.topic = topic
            self.isSubscribed = isSubscribed
        }
    }

    /// "I have these messages."
    public struct IHave: Hashable, Sendable {
        public var topic: Topic
        public var ids: [MessageID]

        public init(_ topic: Topic, ids: [MessageID]) {
            self.topic = topic
            self.ids = ids
        }
    }

    /// "You are no longer in my mesh."
    public struct Prune: Hashable, Sendable {
        public var topic: Topic
        /// For how many seconds the receiver must not GRAFT; absent from v1.0 peers.
        public var backoffSeconds: UInt64?
        /// How many peers were offered in exchange; their records are read by the stage that has peer
        /// exchange.
        public var offeredPeerCount: Int

        public init(_ topic: Topic, backoffSeconds: UInt64?, offeredPeerCount: Int = 0) {
            self.topic = topic
            self.backoffSeconds = backoffSeconds
            self.offeredPeerCount = offeredPeerCount
        }
    }

    public var subscriptions: [Subscription]
    public var messages: [Message]
    public var ihave: [IHave]
    public var iwant: [MessageID]
    public var graft: [Topic]
    public var prune: [Prune]
    public var idontwant: [MessageID]

    public init(
        subscriptions: [Subscription] = [], messages: [Message] = [], ihave: [IHave] = [],
        iwant: [MessageID] = [],
        graft: [Topic] = [], prune: [Prune] = [], idontwant: [MessageID] = []
    ) {
        self.subscriptions = subscriptions
        self.messages = messages
        self.ihave = ihave
        self.iwant = iwant
        self.graft = graft
        self.prune = prune
        self.idontwant = idontwant
    }

    /// Whether it says nothing.
    public var isEmpty: Bool {
        self.subscriptions.isEmpty && self.messages.isEmpty && !self.hasControl
    }

    /// Whether it has control messages.
    public var hasControl: Bool {
        !self.ihave.isEmpty || !self.iwant.isEmpty || !self.graft.isEmpty || !self.prune.isEmpty
            || !self.idontwant.isEmpty
    }
}
