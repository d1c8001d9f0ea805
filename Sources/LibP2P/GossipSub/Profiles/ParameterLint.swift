/// The rules of `GossipSubProfile.findings`, but for those about scores.
struct ParameterLint {
    let profile: GossipSubProfile
    let members: Int?
    let cron: Duration?

    var parameters: GossipSubParameters { self.profile.parameters }

    /// A link to the other side of the world takes this long for a question and its answer.
    private static let slowRoundTrip: Duration = .milliseconds(300)
    /// A message that a mesh lost is repaired by gossip a heartbeat later; people notice more than this.
    private static let patience: Duration = .seconds(5)

    // MARK: - Mesh

    var mesh: [ParameterFinding] {
        let parameters = self.parameters
        var found: [ParameterFinding] = []
        guard parameters.degree > 0 else {
            let finding = ParameterFinding(
                .noMesh, .warning, "d",
                "there is no mesh: every message comes by gossip, up to "
                    + "\(Self.text(parameters.heartbeatInterval * 2)) late",
                hint: "only a node that helps others to find each other wants this")
            return [finding]
        }
        if let others = self.members.map({ $0 - 1 }), others < parameters.degreeLow {
            let isHarmless = parameters.graftsOnSubscribe && parameters.smallMeshPublish
            found.append(
                ParameterFinding(
                    .meshStaysLow, isHarmless ? .note : .warning, "d_low",
                    "a space of \(others + 1) has \(others) others, so the mesh never reaches d_low "
                        + "(\(parameters.degreeLow)) and the bounds of a full mesh mean nothing",
                    hint: isHarmless
                        ? "the profile \"small\" is made for it" : "lower d_low, or use \"small\""))
        }
        if parameters.degreeOut == 0 {
            found.append(
                ParameterFinding(
                    .noOutbound, .warning, "d_out",
                    "peers that dialled us may fill the whole mesh, which lets one party surround this node",
                    hint: "set d_out to 1 or more, below d_low and below half of d"))
        }
        return found
    }

    // MARK: - Time

    var time: [ParameterFinding] {
        let parameters = self.parameters
        var found: [ParameterFinding] = []
        if parameters.heartbeatInterval < Self.slowRoundTrip {
            found.append(
                ParameterFinding(
                    .heartbeatShort, .warning, "heartbeat_interval_ms",
                    "a heartbeat is below the \(Self.text(Self.slowRoundTrip)) of a slow link, so what "
                        + "is asked for in one arrives in a later one, and control traffic grows",
                    hint: "700 to 1000 ms is usual"))
        }
        if parameters.heartbeatInterval > Self.patience {
            found.append(
                ParameterFinding(
                    .heartbeatLong, .warning, "heartbeat_interval_ms",
                    "a message that the mesh missed is repaired "
                        + "\(Self.text(parameters.heartbeatInterval)) later, and a mesh mends as slowly",
                    hint: "700 to 1000 ms is usual"))
        }
        if let cron {
            for (name, backoff) in [
                ("prune_backoff_ms", parameters.pruneBackoff),
                ("unsubscribe_backoff_ms", parameters.unsubscribeBackoff),
            ] where backoff > cron {
                found.append(
                    ParameterFinding(
                        .backoffOutlastsCron, .warning, name,
                        "a command that comes back every \(Self.text(cron)) is still in the backoff of "
                            + "\(Self.text(backoff)), and is let into no mesh",
                        hint: "shorten the backoff, or run the command less often"))
            }
        }
        let history = parameters.heartbeatInterval * parameters.historyLength
        if parameters.seenTTL < history {
            found.append(
                ParameterFinding(
                    .seenTTLShort, .warning, "seen_ttl_ms",
                    "messages can be asked for during \(Self.text(history)) and are forgotten after "
                        + "\(Self.text(parameters.seenTTL)), so gossip brings them back as new ones",
                    hint: "set it above heartbeat_interval_ms times history_length"))
        }
        if parameters.iwantFollowupTime < Self.slowRoundTrip * 2 {
            found.append(
                ParameterFinding(
                    .promiseTimeShort, .warning, "iwant_followup_time_ms",
                    "an honest peer behind a slow link cannot deliver within "
                        + "\(Self.text(parameters.iwantFollowupTime)), and has then broken its promise",
                    hint: "3000 ms is usual"))
        }
        return found
    }

    // MARK: - Gossip

    var gossip: [ParameterFinding] {
        let parameters = self.parameters
        var found: [ParameterFinding] = []
        func disabled(_ field: String, _ why: String) {
            found.append(
                ParameterFinding(
                    .gossipDisabled, .warning, field,
                    why + ", so a message that the mesh missed is lost to gossip",
                    hint: "leave it at the default"))
        }
        if parameters.maxIHaveLength == 0 { disabled("max_ihave_length", "no advertised id is asked for") }
        if parameters.maxIHaveMessages == 0 { disabled("max_ihave_messages", "no advertisement is read") }
        if parameters.historyGossip == 0 { disabled("history_gossip", "nothing is advertised") }
        if parameters.gossipRetransmission == 0 {
            disabled("gossip_retransmission", "nobody who asks for a message gets it")
        }
        if parameters.gossipFactor == 0, parameters.degreeLazy == 0 {
            disabled("d_lazy", "gossip goes to nobody")
        }
        if parameters.historyGossip == parameters.historyLength {
            found.append(
                ParameterFinding(
                    .noGossipSlack, .note, "history_gossip",
                    "messages are advertised until they are dropped, so those who ask last go away empty",
                    hint: "set it below history_length"))
        }
        if parameters.exchangesPeers, parameters.thresholds.acceptPX == 0 {
            found.append(
                ParameterFinding(
                    .offersAcceptedFromAll, .warning, "thresholds.accept_px",
                    "everybody who prunes us may name the peers that we dial next",
                    hint: "set it to a score that only peers with merits reach"))
        }
        return found
    }

    // MARK: - Publishing

    var publishing: [ParameterFinding] {
        let parameters = self.parameters
        var found: [ParameterFinding] = []
        if parameters.floodPublish {
            found.append(
                ParameterFinding(
                    .floodRevealsAuthors, .warning, "flood_publish",
                    "own messages go to every subscriber at once, so all of them see who wrote what",
                    hint: "where that matters, set it to false; small_mesh_publish serves small spaces"))
        } else if !parameters.smallMeshPublish, !parameters.holdsUnsentPublications {
            found.append(
                ParameterFinding(
                    .firstMessageWaits, .warning, "small_mesh_publish",
                    "a message that is posted before the first heartbeat finds no mesh, and comes by "
                        + "synchronisation alone",
                    hint: "set small_mesh_publish and holds_unsent_publications to true"))
        }
        if let presence = self.profile.presence {
            found.append(
                ParameterFinding(
                    .presenceReveals, .note, "presence.interval_ms",
                    "listen and repl tell everybody on \"\(presence.prefix)\" every "
                        + "\(Self.text(presence.interval)) that they are there"))
        }
        return found
    }

    // MARK: - Words

    /// A duration as `700 ms`, `90 s`, `5 min`.
    static func text(_ duration: Duration) -> String {
        guard case .integer(let milliseconds) = duration.parameterValue else { return "" }
        if milliseconds % 60_000 == 0, milliseconds >= 120_000 { return "\(milliseconds / 60_000) min" }
        if milliseconds % 1_000 == 0 { return "\(milliseconds / 1_000) s" }
        return "\(milliseconds) ms"
    }
}
