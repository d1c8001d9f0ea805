/// What a set of parameters would do and its author may not have meant.
public struct ParameterFinding: Hashable, Sendable {
    public enum Severity: String, CaseIterable, Sendable {
        /// Worth knowing.
        case note
        /// Harms, in the way that the message says.
        case warning
        /// Cannot be run with.
        case error
    }

    /// The stable words that a program may branch on; none is ever renamed.
    public enum Code: String, CaseIterable, Sendable {
        case contradiction
        case noMesh = "no_mesh"
        case meshStaysLow = "mesh_stays_low"
        case noOutbound = "no_outbound"
        case backoffOutlastsCron = "backoff_outlasts_cron"
        case gossipDisabled = "gossip_disabled"
        case noGossipSlack = "no_gossip_slack"
        case seenTTLShort = "seen_ttl_short"
        case heartbeatShort = "heartbeat_short"
        case heartbeatLong = "heartbeat_long"
        case promiseTimeShort = "promise_time_short"
        case floodRevealsAuthors = "flood_reveals_authors"
        case firstMessageWaits = "first_message_waits"
        case offersAcceptedFromAll = "offers_accepted_from_all"
        case presenceReveals = "presence_reveals"
        case scoringOff = "scoring_off"
        case thresholdsWithoutScore = "thresholds_without_score"
        case thresholdsZero = "thresholds_zero"
        case thresholdsOutOfReach = "thresholds_out_of_reach"
        case quietMembersPunished = "quiet_members_punished"
        case invalidMessagesFree = "invalid_messages_free"
        case misbehaviourFree = "misbehaviour_free"
        case colocationFree = "colocation_free"
        case colocationPunished = "colocation_punished"
        case timeInMeshSaturates = "time_in_mesh_saturates"
        case opportunisticGraftNever = "opportunistic_graft_never"
        case opportunisticGraftAlways = "opportunistic_graft_always"
    }

    public let code: Code
    public let severity: Severity
    /// The path of the parameter that it is about.
    public let field: String
    /// What happens, lower case, without a full stop.
    public let message: String
    /// What to do about it; nil when nothing needs to be done.
    public let hint: String?

    init(_ code: Code, _ severity: Severity, _ field: String, _ message: String, hint: String? = nil) {
        self.code = code
        self.severity = severity
        self.field = field
        self.message = message
        self.hint = hint
    }
}

extension GossipSubProfile {
    /// What the parameters would do, in the order of the parameters.
    ///
    /// - Parameters:
    ///   - members: how many members the space has, ourselves too; nil: it is not known.
    ///   - cron: how often a command is run; nil: nobody runs one by the clock.
    public func findings(members: Int? = nil, cron: Duration? = nil) -> [ParameterFinding] {
        let contradictions = self.contradictions.map {
            ParameterFinding(.contradiction, .error, $0.field, $0.description)
        }
        let lint = ParameterLint(profile: self, members: members, cron: cron)
        return contradictions + lint.mesh + lint.time + lint.gossip + lint.publishing + lint.scores
    }
}
