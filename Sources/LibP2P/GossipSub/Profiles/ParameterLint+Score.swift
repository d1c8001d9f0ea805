extension ParameterLint {
    /// P1 that is full after less than this tells nobody apart.
    private static let shortestMerit: Duration = .seconds(60)

    // MARK: - Scores

    var scores: [ParameterFinding] {
        let thresholds = self.parameters.thresholds
        guard let score = self.parameters.score else {
            var found = [
                ParameterFinding(
                    .scoringOff, .note, "score", "there are no scores, so no misbehaviour costs anything")
            ]
            if thresholds != PeerScoreThresholds() {
                found.append(
                    ParameterFinding(
                        .thresholdsWithoutScore, .warning, "thresholds.graylist",
                        "there are thresholds and no scores that could cross them",
                        hint: "give \"score\" and \"topic_score\", or leave the thresholds out"))
            }
            return found
        }
        return self.silence(score, thresholds) + self.faults(score) + self.levels(score, thresholds)
            + self.opportunisticGraft(score, thresholds)
    }

    /// Whether a member that says nothing loses by it.
    private func silence(
        _ score: PeerScoreParameters, _ thresholds: PeerScoreThresholds
    ) -> [ParameterFinding] {
        guard let topic = score.defaultTopic, topic.topicWeight > 0 else { return [] }
        var found: [ParameterFinding] = []
        let shortfall = topic.meshMessageDeliveriesThreshold * topic.meshMessageDeliveriesThreshold
        for (field, weight, when) in [
            (
                "mesh_message_deliveries_weight", topic.meshMessageDeliveriesWeight,
                "that delivered nothing for \(Self.text(topic.meshMessageDeliveriesActivation))"
            ),
            ("mesh_failure_penalty_weight", topic.meshFailurePenaltyWeight, "that is pruned in a quiet time"),
        ] where weight * shortfall < 0 {
            let cost = topic.topicWeight * weight * shortfall
            found.append(
                ParameterFinding(
                    .quietMembersPunished, .warning, "topic_score." + field,
                    "a mesh member \(when) loses \((-cost).parameterValue)"
                        + self.effect(of: cost, thresholds),
                    hint: "chat is quiet most of the time: set it to 0"))
        }
        let quantum = topic.timeInMeshQuantum * topic.timeInMeshCap
        if topic.timeInMeshWeight > 0, quantum < Self.shortestMerit {
            found.append(
                ParameterFinding(
                    .timeInMeshSaturates, .note, "topic_score.time_in_mesh_quantum_ms",
                    "every peer has all merits of staying after \(Self.text(quantum))",
                    hint: "lengthen time_in_mesh_quantum_ms"))
        }
        return found
    }

    /// What costs nothing although no honest node does it, and what costs although honest ones do.
    private func faults(_ score: PeerScoreParameters) -> [ParameterFinding] {
        var found: [ParameterFinding] = []
        let topic = score.defaultTopic
        if (topic?.topicWeight ?? 0) * (topic?.invalidMessageDeliveriesWeight ?? 0) == 0 {
            found.append(
                ParameterFinding(
                    .invalidMessagesFree, .warning, "topic_score.invalid_message_deliveries_weight",
                    "whoever sends wrong messages loses nothing", hint: "set it below 0"))
        }
        if score.behaviourPenaltyWeight == 0 {
            found.append(
                ParameterFinding(
                    .misbehaviourFree, .warning, "score.behaviour_penalty_weight",
                    "broken promises and GRAFTs into a backoff cost nothing", hint: "set it below 0"))
        }
        guard score.ipColocationFactorWeight < 0 else {
            found.append(
                ParameterFinding(
                    .colocationFree, .note, "score.ip_colocation_factor_weight",
                    "one machine may come as any number of peers without losing by it"))
            return found
        }
        if let members, members - 1 > score.ipColocationFactorThreshold {
            let excess = Double(members - 1 - score.ipColocationFactorThreshold)
            let cost = score.ipColocationFactorWeight * excess * excess
            found.append(
                ParameterFinding(
                    .colocationPunished, .warning, "score.ip_colocation_factor_threshold",
                    "\(members - 1) members behind one address, as in an office, lose "
                        + "\((-cost).parameterValue) each"
                        + self.effect(of: cost, self.parameters.thresholds),
                    hint: "raise it, or name the network in score.ip_colocation_factor_whitelist"))
        }
        return found
    }

    /// Whether the thresholds lie where scores get.
    private func levels(
        _ score: PeerScoreParameters, _ thresholds: PeerScoreThresholds
    ) -> [ParameterFinding] {
        if thresholds.gossip == 0, thresholds.publish == 0, thresholds.graylist == 0 {
            return [
                ParameterFinding(
                    .thresholdsZero, .warning, "thresholds.graylist",
                    "a peer is ignored as soon as its score is below 0, by its first slip",
                    hint: "set thresholds.gossip, publish and graylist below 0, in descending order")
            ]
        }
        let baseline = score.applicationWeight * score.applicationScore
        let faults = (score.defaultTopic?.invalidMessageDeliveriesWeight ?? 0) + score.behaviourPenaltyWeight
        guard faults == 0, score.ipColocationFactorWeight == 0, baseline >= thresholds.gossip else {
            return []
        }
        return [
            ParameterFinding(
                .thresholdsOutOfReach, .warning, "thresholds.gossip",
                "nothing lowers a score, so no threshold is ever crossed")
        ]
    }

    private func opportunisticGraft(
        _ score: PeerScoreParameters, _ thresholds: PeerScoreThresholds
    ) -> [ParameterFinding] {
        let field = "thresholds.opportunistic_graft"
        let threshold = thresholds.opportunisticGraft
        let baseline = score.applicationWeight * score.applicationScore
        guard threshold > 0 else {
            return [
                ParameterFinding(
                    .opportunisticGraftNever, .note, field,
                    "0 turns opportunistic grafting off: the mesh never looks for better peers",
                    hint: "set it to a low score that a mesh peer with merits has")
            ]
        }
        if baseline >= threshold {
            return [
                ParameterFinding(
                    .opportunisticGraftNever, .note, field,
                    "every peer begins with \(baseline.parameterValue), so the median of a mesh is never "
                        + "below \(threshold.parameterValue) and better peers are never looked for",
                    hint: "set it above what score.app_specific_score and its weight give everybody")
            ]
        }
        let most = baseline + self.mostMerits(score)
        guard threshold > most else { return [] }
        return [
            ParameterFinding(
                .opportunisticGraftAlways, .warning, field,
                "no peer can have more than \(most.parameterValue), so every mesh is taken for a bad one",
                hint: "set it below that")
        ]
    }

    /// The most that a peer can earn in one topic.
    private func mostMerits(_ score: PeerScoreParameters) -> Double {
        guard let topic = score.defaultTopic else { return 0 }
        let merits =
            topic.topicWeight
            * (topic.timeInMeshWeight * topic.timeInMeshCap
                + topic.firstMessageDeliveriesWeight * topic.firstMessageDeliveriesCap)
        return score.topicScoreCap > 0 ? min(merits, score.topicScoreCap) : merits
    }

    /// What a loss leads to, for a peer that had nothing.
    private func effect(of cost: Double, _ thresholds: PeerScoreThresholds) -> String {
        if cost < thresholds.graylist { return ", and is ignored" }
        if cost < thresholds.publish { return ", and gets nothing that is flooded" }
        if cost < thresholds.gossip { return ", and gets no gossip" }
        return ", and leaves the mesh unless it has merits"
    }
}
