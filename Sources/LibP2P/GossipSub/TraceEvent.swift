import LibP2PCore

/// What tracers are told, by go-libp2p-pubsub's names.
public enum TraceEvent: Hashable, Sendable {
    case publishMessage(MessageID, Topic)
    case rejectMessage(MessageID, Topic, from: PeerID, RejectReason)
    case duplicateMessage(MessageID, Topic, from: PeerID)
    case deliverMessage(MessageID, Topic, from: PeerID)
    case addPeer(PeerID, GossipSubProtocol)
    case removePeer(PeerID)
    case receiveRPC(PeerID, RPCCounts)
    case sendRPC(PeerID, RPCCounts)
    case dropRPC(PeerID, RPCCounts)
    case join(Topic)
    case leave(Topic)
    case graft(PeerID, Topic, GraftReason)
    case prune(PeerID, Topic, PruneReason)

    /// The event's name in go-libp2p-pubsub's `trace.proto`.
    public var name: String {
        switch self {
        case .publishMessage: "PUBLISH_MESSAGE"
        case .rejectMessage: "REJECT_MESSAGE"
        case .duplicateMessage: "DUPLICATE_MESSAGE"
        case .deliverMessage: "DELIVER_MESSAGE"
        case .addPeer: "ADD_PEER"
        case .removePeer: "REMOVE_PEER"
        case .receiveRPC: "RECV_RPC"
        case .sendRPC: "SEND_RPC"
        case .dropRPC: "DROP_RPC"
        case .join: "JOIN"
        case .leave: "LEAVE"
        case .graft: "GRAFT"
        case .prune: "PRUNE"
        }
    }
}

/// Why a message was not delivered, in go-libp2p-pubsub's words.
public enum RejectReason: String, Hashable, Sendable {
    case blacklistedPeer = "blacklisted peer"
    case blacklistedSource = "blacklisted source"
    case missingSignature = "missing signature"
    case unexpectedSignature = "unexpected signature"
    case unexpectedAuthInfo = "unexpected auth info"
    case invalidSignature = "invalid signature"
    case validationQueueFull = "validation queue full"
    case validationThrottled = "validation throttled"
    case validationFailed = "validation failed"
    case validationIgnored = "validation ignored"
    case selfOrigin = "self originated message"

    init(_ failure: StrictSignFailure) {
        switch failure {
        case .missingSignature: self = .missingSignature
        case .malformedAuthor, .malformedSequenceNumber: self = .unexpectedAuthInfo
        case .unsupportedKey: self = .validationIgnored
        case .keyMismatch, .badSignature: self = .invalidSignature
        }
    }
}

/// How many of what an RPC held.
public struct RPCCounts: Hashable, Sendable {
    public var subscriptions: Int
    public var messages: Int
    public var ihave: Int
    public var iwant: Int
    public var graft: Int
    public var prune: Int
    public var idontwant: Int

    init(_ rpc: RPC) {
        self.subscriptions = rpc.subscriptions.count
        self.messages = rpc.messages.count
        self.ihave = rpc.ihave.reduce(0) { $0 + $1.ids.count }
        self.iwant = rpc.iwant.count
        self.graft = rpc.graft.count
        self.prune = rpc.prune.count
        self.idontwant = rpc.idontwant.count
    }
}
