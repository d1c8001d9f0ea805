/// A named set of the router's parameters.
public struct GossipSubProfile: Sendable, Equatable {
    /// How it is chosen: a name, or the path of a file.
    public var name: String
    /// What it is for, in one line.
    public var summary: String
    /// What the router runs with.
    public var parameters: GossipSubParameters
    /// How a long-lived node shows that it is there; nil: by nothing but its subscriptions.
    public var presence: PresenceParameters?

    public init(
        name: String, summary: String, parameters: GossipSubParameters, presence: PresenceParameters? = nil
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.presence = presence
    }

    /// Every profile that there is; the first is the default of the settings.
    public static let all: [GossipSubProfile] = [.descord, .small, .snapshot, .waku, .default]

    /// Returns the profile of a name.
    public static func named(_ name: String) -> GossipSubProfile? {
        Self.all.first { $0.name == name }
    }

    /// What is wrong; nil when nothing is.
    public var failure: GossipSubParametersFailure? {
        ParameterField.rangeFailure(in: self) ?? self.contradictions.first
    }

    /// Values that fit their parameters and contradict each other.
    var contradictions: [GossipSubParametersFailure] { self.parameters.contradictions }
}

extension GossipSubParameters {
    /// What descord runs with unless it is told otherwise.
    public static let descord = GossipSubProfile.descord.parameters
}
