import LibP2PCore

/// One pubsub exchange: what a frame on a gossipsub stream holds (libp2p specs "pubsub" and "gossipsub
/// v1.3").
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
        /// Peers of the topic that the receiver may turn to instead; no more than `RPC.offeredPeerCountMax`
        /// are read.
        public var peers: [OfferedPeer]

        public init(_ topic: Topic, backoffSeconds: UInt64?, peers: [OfferedPeer] = []) {
            self.topic = topic
            self.backoffSeconds = backoffSeconds
            self.peers = peers
        }
    }

    /// A peer that a PRUNE offers (gossipsub v1.1, "Peer Exchange").
    public struct OfferedPeer: Hashable, Sendable {
        /// The peer's id as it came, which may be none.
        public var peerID: [UInt8]
        /// An envelope that the peer signed, with its addresses.
        public var signedPeerRecord: [UInt8]?

        public init(peerID: [UInt8], signedPeerRecord: [UInt8]?) {
            self.peerID = peerID
            self.signedPeerRecord = signedPeerRecord
        }
    }

    /// What a peer says, in its first RPC, that it has besides gossipsub (gossipsub v1.3, "Extensions").
    public struct Extensions: Hashable, Sendable {
        /// Partial messages, which this implementation has not.
        public var hasPartialMessages: Bool
        /// The extension whose only use is to try extensions out.
        public var hasTestExtension: Bool

        public init(hasPartialMessages: Bool = false, hasTestExtension: Bool = false) {
            self.hasPartialMessages = hasPartialMessages
            self.hasTestExtension = hasTestExtension
        }
    }

    public var subscriptions: [Subscription]
    public var messages: [Message]
    public var ihave: [IHave]
    public var iwant: [MessageID]
    public var graft: [Topic]
    public var prune: [Prune]
    public var idontwant: [MessageID]
    /// The sender's extensions: in the first RPC of a stream alone.
    public var extensions: Extensions?
    /// Whether it is the message of the test extension.
    public var isExtensionTest = false

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
        self.subscriptions.isEmpty && self.messages.isEmpty && !self.hasControl && !self.isExtensionTest
    }

    /// Whether it has control messages.
    public var hasControl: Bool {
        !self.ihave.isEmpty || !self.iwant.isEmpty || !self.graft.isEmpty || !self.prune.isEmpty
            || !self.idontwant.isEmpty || self.extensions != nil
    }
}
