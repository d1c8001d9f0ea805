import LibP2P

/// One of the router's parameters with another value than its profile has, by the specification's name.
package struct ParameterOverride: Equatable, Sendable {
    /// A value as a scenario file writes it.
    package enum Value: Equatable, Sendable {
        case flag(Bool)
        case number(Double)
    }

    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }

    /// Why an override cannot be applied.
    package enum Failure: Error, Equatable, Sendable {
        /// There is no such parameter.
        case unknownName
        /// The value is of another kind, or out of every range.
        case badValue
    }

    /// Every name, sorted.
    package static var names: [String] {
        (Array(counts.keys) + Array(seconds.keys) + Array(flags.keys) + ["gossip_factor"]).sorted()
    }

    /// Changes the parameter; whether the parameters still fit together is their own question.
    package func apply(to parameters: inout GossipSubParameters) throws(Failure) {
        switch value {
        case .flag(let isOn):
            guard let path = Self.flags[name] else {
                throw Self.names.contains(name) ? .badValue : .unknownName
            }
            parameters[keyPath: path] = isOn
        case .number(let number):
            if let path = Self.counts[name] {
                guard let count = Int(exactly: number), (0...(1 << 32)).contains(count) else {
                    throw .badValue
                }
                parameters[keyPath: path] = count
            } else if let path = Self.seconds[name] {
                guard (0...1_000_000).contains(number) else { throw .badValue }
                parameters[keyPath: path] = .nanoseconds(Int64((number * 1_000_000_000).rounded()))
            } else if name == "gossip_factor" {
                parameters.gossipFactor = number
            } else {
                throw Self.flags[name] == nil ? .unknownName : .badValue
            }
        }
    }

    private static var counts: [String: WritableKeyPath<GossipSubParameters, Int>] {
        [
            "d": \.degree, "d_low": \.degreeLow, "d_high": \.degreeHigh, "d_score": \.degreeScore,
            "d_out": \.degreeOut, "d_lazy": \.degreeLazy, "history_length": \.historyLength,
            "history_gossip": \.historyGossip, "history_bytes_max": \.historyBytesMax,
            "seen_count_max": \.seenCountMax, "backoff_count_max": \.backoffCountMax,
            "max_ihave_length": \.maxIHaveLength, "max_ihave_messages": \.maxIHaveMessages,
            "gossip_retransmission": \.gossipRetransmission, "idontwant_threshold": \.idontwantThreshold,
            "max_idontwant_messages": \.maxIDontWantMessages,
            "max_idontwant_length": \.maxIDontWantLength,
            "opportunistic_graft_ticks": \.opportunisticGraftTicks,
            "opportunistic_graft_peers": \.opportunisticGraftPeers, "prune_peers": \.prunePeers,
        ]
    }

    private static var seconds: [String: WritableKeyPath<GossipSubParameters, Duration>] {
        [
            "heartbeat_interval_s": \.heartbeatInterval,
            "heartbeat_initial_delay_s": \.heartbeatInitialDelay, "seen_ttl_s": \.seenTTL,
            "fanout_ttl_s": \.fanoutTTL, "prune_backoff_s": \.pruneBackoff,
            "unsubscribe_backoff_s": \.unsubscribeBackoff, "iwant_followup_time_s": \.iwantFollowupTime,
            "graft_flood_threshold_s": \.graftFloodThreshold,
        ]
    }

    private static var flags: [String: WritableKeyPath<GossipSubParameters, Bool>] {
        [
            "flood_publish": \.floodPublish, "small_mesh_publish": \.smallMeshPublish,
            "holds_unsent_publications": \.holdsUnsentPublications,
            "grafts_on_subscribe": \.graftsOnSubscribe, "adapts_degree": \.adaptsDegree,
            "exchanges_peers": \.exchangesPeers, "prioritises": \.prioritises,
        ]
    }
}
