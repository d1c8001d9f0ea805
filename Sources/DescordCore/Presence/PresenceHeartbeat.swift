import LibP2PCore

/// The sign of life of the snapshot submissions network: a submission for epoch 0 that submits nothing. There
/// are two forms, one for each of the network's topics.
public struct PresenceHeartbeat: Hashable, Sendable {
    /// Which of the two topics a heartbeat is for, and its form.
    public enum Kind: CaseIterable, Hashable, Sendable {
        /// On `{prefix}/0`: `submissions` is null.
        case discovery
        /// On `{prefix}/all`: one submission for epoch 0 without a snapshot.
        case submissions

        /// What follows the prefix in the topic's name.
        public var topicSuffix: String {
            switch self {
            case .discovery: "/0"
            case .submissions: "/all"
            }
        }
    }

    public let kind: Kind

    public init(kind: Kind) {
        self.kind = kind
    }

    /// The longest message that is looked at, in bytes; those of the network stay below 600.
    public static let maxSize = 4_096
    /// What the network's own nodes name as the project of a submission that is none.
    private static let project = "test:mesh-formation:local-collector"

    // MARK: - Ours

    /// Returns a heartbeat as it is sent.
    ///
    /// - Parameters:
    ///   - peer: who sends it.
    ///   - number: how many were sent before it in this run.
    ///   - time: when it is sent.
    public func encoded(from peer: PeerID, number: UInt64, at time: WallTime) -> [UInt8] {
        let end = "\(number)-\(time.milliseconds / 1_000)"
        // Peer ids are base58, and nothing else here needs an escape.
        return switch self.kind {
        case .discovery:
            Array(
                (#"{"epoch_id":0,"submissions":null,"snapshotter_id":"\#(peer)","#
                    + #""signature":"heartbeat-discovery-\#(end)"}"#).utf8)
        case .submissions:
            Array(
                (#"{"epoch_id":0,"submissions":[{"request":{"epoch_id":0,"project_id":"\#(Self.project)","#
                    + #""snapshot_cid":""}}],"snapshotter_id":"\#(peer)","#
                    + #""signature":"heartbeat-submissions-\#(end)"}"#).utf8)
        }
    }

    // MARK: - Others'

    /// Recognises a heartbeat by what the network's own receivers look at; nil for everything else.
    ///
    /// Names come in the documented form (`epoch_id`) and in the deployed one (`epochId`), where what is 0 or
    /// empty in a submission may be left out. Signatures are looked at by nobody.
    public init?(recognising bytes: [UInt8]) {
        guard let json = BoundedJSON(bytes, maxSize: Self.maxSize),
            json["epoch_id", "epochId"] == .number("0"), let submissions = json["submissions"]
        else { return nil }
        switch submissions {
        case .null: self.kind = .discovery
        case .array(let submissions):
            guard submissions.count == 1, let request = submissions[0]["request"], case .object = request,
                (request["epoch_id", "epochId"] ?? .number("0")) == .number("0"),
                (request["snapshot_cid", "snapshotCid"] ?? .string("")) == .string("")
            else { return nil }
            self.kind = .submissions
        default: return nil
        }
    }
}
