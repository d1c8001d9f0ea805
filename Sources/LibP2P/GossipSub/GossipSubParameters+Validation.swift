/// Which parameter contradicts what, in words.
public struct GossipSubParametersFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The parameter's path: `d_low`, `thresholds.publish`.
    public let field: String
    /// What its value is, and what it must be.
    public let reason: String

    public init(_ field: String, _ reason: String) {
        self.field = field
        self.reason = reason
    }

    /// One sentence: `"d_low" is 7, above "d" (6)`.
    public var description: String { "\"\(self.field)\" \(self.reason)" }
}

extension GossipSubParameters {
    /// What is wrong; nil when nothing is: a value out of its range, or a contradiction.
    public var failure: GossipSubParametersFailure? {
        GossipSubProfile(name: "", summary: "", parameters: self).failure
    }

    /// What contradicts what, by go-libp2p-pubsub's rules and in their order (`GossipSubParams.validate`,
    /// `PeerScoreParams.validate`, `PeerScoreThresholds.validate`, `PeerGaterParams.validate`), and then by
    /// our own. Of the scores' parameters, what is not used may stay 0 (`SkipAtomicValidation` there).
    var contradictions: [GossipSubParametersFailure] {
        self.historyContradictions + self.meshDegrees.contradictions + self.scoreContradictions
            + self.thresholds.contradictions + self.backoffContradictions
    }

    /// The first contradiction of the scores' parameters and of the gater's.
    private var scoreContradictions: [GossipSubParametersFailure] {
        var found: [GossipSubParametersFailure] = []
        switch self.score?.failure(selectively: true) {
        case .defaultTopic(let failure):
            found.append(self.failure(.topicScore, failure.field, failure.description))
        case let failure?: found.append(self.failure(.score, failure.field, failure.description))
        case nil: break
        }
        if let failure = self.peerGater?.failure {
            found.append(self.failure(.peerGater, failure.field, failure.description))
        }
        return found
    }

    /// A sentence about a field of a group, which begins with its name, with the value in it.
    private func failure(
        _ group: ParameterField.Group, _ name: String, _ sentence: String
    ) -> GossipSubParametersFailure {
        let rule = sentence.hasPrefix(name) ? String(sentence.dropFirst(name.count + 1)) : sentence
        // The specification's names have no units.
        guard
            let field = ParameterField.all.first(where: {
                $0.group == group && ($0.name == name || $0.name == name + "_ms")
            }), let value = field.value(in: GossipSubProfile(name: "", summary: "", parameters: self))
        else {
            return GossipSubParametersFailure("\(group.rawValue).\(name)", rule)
        }
        return GossipSubParametersFailure(field.path, "is \(value), and \(rule)")
    }

    private var historyContradictions: [GossipSubParametersFailure] {
        guard self.historyGossip > self.historyLength else { return [] }
        let reason = "is \(self.historyGossip), above \"history_length\" (\(self.historyLength))"
        return [GossipSubParametersFailure("history_gossip", reason)]
    }

    /// The degrees of topics that have none of their own.
    var meshDegrees: MeshDegrees {
        MeshDegrees(
            degree: self.degree, degreeLow: self.degreeLow, degreeHigh: self.degreeHigh,
            degreeScore: self.degreeScore, degreeOut: self.degreeOut)
    }

    private var backoffContradictions: [GossipSubParametersFailure] {
        let backoffs = [
            ("prune_backoff_ms", self.pruneBackoff), ("unsubscribe_backoff_ms", self.unsubscribeBackoff),
        ]
        return backoffs.filter { $0.1 > self.backoffMax }.map { name, backoff in
            GossipSubParametersFailure(
                name,
                "is \(backoff.parameterValue), above \"backoff_max_ms\" (\(self.backoffMax.parameterValue))")
        }
    }

    /// Returns the parameters, or says what is wrong with them.
    public func validated() throws(GossipSubParametersFailure) -> GossipSubParameters {
        if let failure { throw failure }
        return self
    }
}

extension MeshDegrees {
    /// What contradicts what, by go-libp2p-pubsub's rules and in their order.
    var contradictions: [GossipSubParametersFailure] {
        var found: [GossipSubParametersFailure] = []
        func refuse(_ field: String, _ reason: String) {
            found.append(GossipSubParametersFailure(field, reason))
        }
        if self.degreeScore > self.degreeHigh {
            refuse("d_score", "is \(self.degreeScore), above \"d_high\" (\(self.degreeHigh))")
        }
        // A node without a mesh takes part by gossip alone: a bootstrapper.
        if self.degree == 0, self.degreeLow == 0, self.degreeHigh == 0, self.degreeOut == 0 { return found }
        if self.degreeLow > self.degree {
            refuse("d_low", "is \(self.degreeLow), above \"d\" (\(self.degree))")
        }
        if self.degree > self.degreeHigh {
            refuse("d_high", "is \(self.degreeHigh), below \"d\" (\(self.degree))")
        }
        if self.degreeOut >= self.degreeLow {
            refuse("d_out", "is \(self.degreeOut), and must be below \"d_low\" (\(self.degreeLow))")
        } else if self.degreeOut >= self.degree / 2 {
            refuse(
                "d_out",
                "is \(self.degreeOut), and must be below half of \"d\" (\(self.degree / 2), rounded down)")
        }
        return found
    }
}

extension PeerScoreThresholds {
    var contradictions: [GossipSubParametersFailure] {
        var found: [GossipSubParametersFailure] = []
        if self.publish > self.gossip {
            found.append(
                GossipSubParametersFailure(
                    "thresholds.publish",
                    "is \(self.publish.parameterValue), above \"thresholds.gossip\" "
                        + "(\(self.gossip.parameterValue))"
                ))
        }
        if self.graylist > self.publish {
            found.append(
                GossipSubParametersFailure(
                    "thresholds.graylist",
                    "is \(self.graylist.parameterValue), above \"thresholds.publish\" "
                        + "(\(self.publish.parameterValue))"))
        }
        return found
    }
}
