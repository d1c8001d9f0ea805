/// One parameter: its name, what it means and may be, and where it stands. The table of all of them is what
/// `params show` and `diff` print, files and overrides set, the documentation lists, and validation checks.
public struct ParameterField: Sendable {
    /// Where a parameter stands in a file and in output.
    public enum Group: String, CaseIterable, Sendable {
        /// At the top.
        case router
        case thresholds
        case score
        case topicScore = "topic_score"
        case peerGater = "peer_gater"
        case presence

        /// Whether the group can be absent, which turns off what it is about.
        public var isOptional: Bool {
            switch self {
            case .router, .thresholds: false
            case .score, .topicScore, .peerGater, .presence: true
            }
        }

        /// Whether a profile has the group.
        public func isPresent(in profile: GossipSubProfile) -> Bool {
            switch self {
            case .router, .thresholds: true
            case .score: profile.parameters.score != nil
            case .topicScore: profile.parameters.score?.defaultTopic != nil
            case .peerGater: profile.parameters.peerGater != nil
            case .presence: profile.presence != nil
            }
        }

        /// Gives a profile the group, with the defaults of its parameters; one that it has stays.
        public func add(to profile: inout GossipSubProfile) {
            switch self {
            case .router, .thresholds: break
            case .score: ParameterPart.score.change(&profile) { _ in }
            case .topicScore: ParameterPart.topicScore.change(&profile) { _ in }
            case .peerGater: ParameterPart.peerGater.change(&profile) { _ in }
            case .presence: ParameterPart.presence.change(&profile) { _ in }
            }
        }

        /// Takes the group from a profile; one that cannot be absent stays.
        public func remove(from profile: inout GossipSubProfile) {
            switch self {
            case .router, .thresholds: break
            case .score: profile.parameters.score = nil
            case .topicScore: profile.parameters.score?.defaultTopic = nil
            case .peerGater: profile.parameters.peerGater = nil
            case .presence: profile.presence = nil
            }
        }
    }

    /// Where it stands.
    public let group: Group
    /// The specification's name in snake case, with the unit at the end.
    public let name: String
    /// What it may be.
    public let kind: ParameterKind
    /// What it does, in one sentence.
    public let summary: String
    let get: @Sendable (GossipSubProfile) -> ParameterValue?
    let set: @Sendable (inout GossipSubProfile, ParameterValue) -> Void

    init<Part, Value: ParameterRepresentable>(
        _ group: Group, _ part: ParameterPart<Part>, _ name: String,
        _ path: any WritableKeyPath<Part, Value> & Sendable, _ kind: ParameterKind, _ summary: String
    ) {
        self.group = group
        self.name = name
        self.kind = kind
        self.summary = summary
        self.get = { part.get($0)?[keyPath: path].parameterValue }
        self.set = { profile, value in
            guard let value = Value(value) else { preconditionFailure("a value of another kind was set") }
            part.change(&profile) { $0[keyPath: path] = value }
        }
    }

    /// The name with its group: `d`, `thresholds.gossip`.
    public var path: String {
        self.group == .router ? self.name : "\(self.group.rawValue).\(self.name)"
    }

    /// The value in a profile; nil when the profile lacks the group.
    public func value(in profile: GossipSubProfile) -> ParameterValue? { self.get(profile) }

    /// Sets the value, and adds the group when it is missing; refuses what the kind does not hold.
    public func set(
        _ value: ParameterValue, in profile: inout GossipSubProfile
    ) throws(GossipSubParametersFailure) {
        guard self.kind.contains(value) else { throw self.failure(value) }
        self.set(&profile, value)
    }

    func failure(_ value: ParameterValue) -> GossipSubParametersFailure {
        GossipSubParametersFailure(self.path, "is \(value), and must be \(self.kind.words)")
    }

    /// Every parameter, in the order of the documentation.
    public static let all: [ParameterField] =
        Self.router + Self.thresholds + Self.score + Self.topicScore + Self.peerGater + Self.presence

    /// Returns the parameter of a path.
    public static func named(_ path: String) -> ParameterField? {
        Self.all.first { $0.path == path }
    }

    /// The first value of a profile that its kind does not hold.
    static func rangeFailure(in profile: GossipSubProfile) -> GossipSubParametersFailure? {
        for field in Self.all {
            if let value = field.get(profile), !field.kind.contains(value) { return field.failure(value) }
        }
        return nil
    }
}

/// A part of a profile, to be read and written.
struct ParameterPart<Part>: Sendable {
    /// Returns the part; nil when the profile lacks it.
    let get: @Sendable (GossipSubProfile) -> Part?
    /// Changes the part, and makes it first when the profile lacks it.
    let change: @Sendable (inout GossipSubProfile, (inout Part) -> Void) -> Void
}

extension ParameterPart where Part == GossipSubParameters {
    static let router = ParameterPart(get: { $0.parameters }, change: { $1(&$0.parameters) })
}

extension ParameterPart where Part == PeerScoreThresholds {
    static let thresholds = ParameterPart(
        get: { $0.parameters.thresholds }, change: { $1(&$0.parameters.thresholds) })
}

extension ParameterPart where Part == PeerScoreParameters {
    static let score = ParameterPart(
        get: { $0.parameters.score },
        change: { profile, body in
            var score = profile.parameters.score ?? PeerScoreParameters()
            body(&score)
            profile.parameters.score = score
        })
}

extension ParameterPart where Part == TopicScoreParameters {
    static let topicScore = ParameterPart(
        get: { $0.parameters.score?.defaultTopic },
        change: { profile, body in
            var score = profile.parameters.score ?? PeerScoreParameters()
            var topic = score.defaultTopic ?? TopicScoreParameters()
            body(&topic)
            score.defaultTopic = topic
            profile.parameters.score = score
        })
}

extension ParameterPart where Part == PeerGaterParameters {
    static let peerGater = ParameterPart(
        get: { $0.parameters.peerGater },
        change: { profile, body in
            var gater = profile.parameters.peerGater ?? PeerGaterParameters()
            body(&gater)
            profile.parameters.peerGater = gater
        })
}

extension ParameterPart where Part == PresenceParameters {
    static let presence = ParameterPart(
        get: { $0.presence },
        change: { profile, body in
            var presence = profile.presence ?? PresenceParameters()
            body(&presence)
            profile.presence = presence
        })
}
