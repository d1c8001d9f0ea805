import LibP2PCore

extension GossipSubRouter {
    /// What is known of a connected peer.
    struct Peer: Sendable {
        let id: PeerID
        var connection: PeerConnection
        /// The topics that it says it is subscribed to, ours or not.
        var topics = NumberSet()
        /// The bytes of those topics' names.
        var topicBytes = 0
        /// The topics that we told it we are subscribed to.
        var announced = NumberSet()
        /// Whether it is one of those that always get everything.
        var isDirect = false
        /// What it signed about its addresses.
        var signedRecord: [UInt8]?
        /// Whether an RPC came since its stream was opened.
        var hasSentRPC = false
        /// Whether the RPC that is being handled is that first one.
        var isFirstRPC = false
        /// What it says that it has besides gossipsub.
        var extensions: RPC.Extensions?

        /// RPCs with IHAVE in this heartbeat.
        var ihaveRPCs = 0
        /// Ids that we asked for in this heartbeat.
        var asked = 0
        /// RPCs with IDONTWANT in this heartbeat.
        var idontwantRPCs = 0
        /// What it does not want, and for how many heartbeats more.
        var unwanted: [MessageID: Int] = [:]
        /// How often it advertised a message and did not deliver it.
        var brokenPromises = 0

        /// Topics whose GRAFT, PRUNE or announcement did not fit into its queue.
        var retriedGrafts = NumberSet()
        var retriedPrunes = NumberSet()
        var retriedAnnouncements = NumberSet()

        /// Begins a heartbeat: what a peer may do in one starts anew, and what it does not want ages.
        mutating func resetControlCounters() {
            self.ihaveRPCs = 0
            self.asked = 0
            self.idontwantRPCs = 0
            if !self.unwanted.isEmpty {
                self.unwanted = self.unwanted.compactMapValues { $0 > 1 ? $0 - 1 : nil }
            }
        }

        var hasRetries: Bool {
            !self.retriedGrafts.isEmpty || !self.retriedPrunes.isEmpty || !self.retriedAnnouncements.isEmpty
        }
    }

    /// What is known of a topic that we, or any connected peer, have to do with.
    struct TopicState: Sendable {
        let topic: Topic
        var isJoined = false
        /// Set by the application; nil: the defaults.
        var configuration: TopicConfiguration?
        /// How many members are known to be online; nil: unknown.
        var onlineMembers: Int?
        /// What an adaptive mesh has observed.
        var redundancy = Redundancy()
        /// In which heartbeat those in an adaptive mesh entered who asked for their places.
        var admissions: [Int: Int] = [:]
        /// Who may count as a subscriber; nil: everybody.
        var allowed: Set<PeerID>?
        /// The peers that say they are subscribed.
        var announcers = NumberSet()
        /// Those of them that the filter lets through.
        var subscribers = NumberSet()
        /// Whose turn it is to be gossiped to.
        var gossipTurns = GossipTurns()
        /// Those of the subscribers that have no place in meshes and get every message: direct and floodsub
        /// peers.
        var pushed = NumberSet()
        var mesh = NumberSet()
        var fanout = NumberSet()
        var fanoutLastPublished: Instant?
        var backoffs: [PeerID: Instant] = [:]
        /// Those of them that an earlier run left: they bind us, not the peers.
        var restoredBackoffs: Set<PeerID> = []
        /// Own messages that no peer was there for.
        var unsent: [MessageID] = []
        var counters = TopicCounters()

        func allows(_ peer: PeerID) -> Bool {
            self.allowed?.contains(peer) ?? true
        }

        /// Whether the application has, or had, to do with it.
        var isOurs: Bool {
            self.isJoined || self.configuration != nil || self.allowed != nil || self.onlineMembers != nil
                || self.fanoutLastPublished != nil
                || self.counters != TopicCounters()
        }

        /// Whether nothing is lost when it is forgotten.
        var isIdle: Bool {
            !self.isOurs && self.announcers.isEmpty && self.backoffs.isEmpty
        }
    }

    /// A message between its arrival and the application's verdict.
    struct PendingMessage: Sendable {
        let message: Message
        let id: MessageID
        let topic: Int
        /// The peer that was first to send it.
        let from: PeerID
        let sender: Int
        /// All peers that sent this very message until now.
        var senders: NumberSet
        var isVerified = false
    }

    /// What goes out at the end of the input that is being handled, by priority.
    struct Outboxes: Sendable {
        private var lanes = [Outbox](repeating: Outbox(), count: SendPriority.allCases.count)
        private(set) var isEmpty = true

        mutating func edit(_ priority: SendPriority, _ peer: Int, _ change: (inout RPC) -> Void) {
            self.isEmpty = false
            self.lanes[priority.rawValue].edit(peer, change)
        }

        /// Takes what is there of one priority.
        mutating func take(_ priority: SendPriority) -> Outbox {
            guard !self.lanes[priority.rawValue].isEmpty else { return Outbox() }
            var taken = Outbox()
            swap(&taken, &self.lanes[priority.rawValue])
            return taken
        }

        /// Says that everything was taken.
        mutating func reset() {
            self.isEmpty = true
        }
    }

    /// RPCs that are put together during one input, one a peer, by the peers' numbers.
    struct Outbox: Sendable {
        private var rpcs = NumberedTable<RPC>()

        var isEmpty: Bool { self.rpcs.count == 0 }
        var count: Int { self.rpcs.count }

        mutating func edit(_ peer: Int, _ change: (inout RPC) -> Void) {
            let place = self.rpcs.index(of: peer) ?? self.rpcs.insert(RPC(), at: peer)
            change(&self.rpcs[place])
        }

        /// Moves an RPC out; what stays in its place is empty.
        mutating func take(_ index: Int) -> (peer: Int, rpc: RPC) {
            var rpc = RPC()
            swap(&rpc, &self.rpcs[index])
            return (self.rpcs.numbers.elements[index], rpc)
        }
    }
}
