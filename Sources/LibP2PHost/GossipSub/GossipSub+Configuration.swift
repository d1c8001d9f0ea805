import LibP2P
import LibP2PCore

extension GossipSub {
    /// What the driver runs with.
    public struct Configuration: Sendable {
        /// The router's numbers.
        public var parameters = GossipSubParameters.descord
        /// The most RPCs that wait for one peer, of each priority.
        public var queueCountMax = 16_384
        /// The most bytes that wait for one peer, of each priority. Messages in several queues are held once.
        public var queueBytesMax = 16 << 20
        /// How many messages of one peer are verified and validated at a time; above it the peer is not read
        /// on.
        public var pendingPerPeerMax = 512
        /// Threads that verify signatures; they start when the first batch is too large for the loop.
        public var verifierThreads = 2
        /// How long a frame may take from its first byte to its last.
        public var frameTimeout: Duration = .seconds(60)
        /// Whether `onTrace` is told of everything.
        public var isTracing = false

        public init() {}
    }

    /// A message that came in, as the application sees it.
    public struct ReceivedMessage: Sendable {
        public let message: Message
        public let id: MessageID
        /// The peer that was first to send it, not its author.
        public let from: PeerID
    }

    /// What became of an own message at once; `onPublished` tells of peers that were found later.
    public struct Publication: Sendable, Equatable {
        public let id: MessageID
        /// The peers whose queues it was put into.
        public let peers: [PeerID]
    }
}
