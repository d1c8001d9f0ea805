import LibP2P
import Testing

/// Each rule of the lint: it finds what it is about, and is silent otherwise.
@Suite struct ParameterLintTests {
    /// The findings of a changed profile as `severity code field`.
    private func findings(
        _ profile: GossipSubProfile = .descord, members: Int? = nil, cron: Duration? = nil,
        _ change: (inout GossipSubProfile) -> Void = { _ in }
    ) -> [String] {
        var profile = profile
        change(&profile)
        return profile.findings(members: members, cron: cron).map {
            "\($0.severity.rawValue) \($0.code.rawValue) \($0.field)"
        }
    }

    @Test func descordIsAsItIsMeant() {
        #expect(findings() == [])
        #expect(findings(.small, members: 5) == [])
        #expect(findings(members: 20, cron: .seconds(300)) == [])
    }

    @Test func everyFindingIsOneSentenceWithoutAFullStop() {
        for profile in GossipSubProfile.all {
            for finding in profile.findings(members: 60, cron: .seconds(1)) {
                #expect(!finding.message.hasSuffix("."))
                #expect(ParameterField.named(finding.field) != nil || finding.field == "score")
            }
        }
    }

    @Test func contradictionsAreErrorsAndAllAreNamed() {
        let found = findings {
            $0.parameters.degreeLow = 9
            $0.parameters.degreeOut = 3
            $0.parameters.historyGossip = 11
            $0.parameters.thresholds.graylist = 0
        }
        #expect(
            found.filter { $0.hasPrefix("error") } == [
                "error contradiction history_gossip", "error contradiction d_low",
                "error contradiction d_out",
                "error contradiction thresholds.graylist",
            ])
    }

    @Test func aSpaceOfFewNeverFillsTheMesh() {
        #expect(findings(members: 4) == ["note mesh_stays_low d_low"])
        #expect(findings(members: 5) == [])
        #expect(findings(.default, members: 4).contains("warning mesh_stays_low d_low"))
    }

    @Test func noMeshAndNoOutboundPeersAreToldOf() {
        #expect(
            findings {
                $0.parameters.degree = 0
                $0.parameters.degreeLow = 0
                $0.parameters.degreeHigh = 0
                $0.parameters.degreeScore = 0
                $0.parameters.degreeOut = 0
            } == ["warning no_mesh d"])
        #expect(findings { $0.parameters.degreeOut = 0 } == ["warning no_outbound d_out"])
    }

    @Test func aBackoffThatOutlastsCronKeepsACommandOutOfMeshes() {
        #expect(findings(cron: .seconds(60)) == [])
        #expect(findings(cron: .seconds(59)) == ["warning backoff_outlasts_cron prune_backoff_ms"])
        #expect(
            findings(cron: .seconds(5)) == [
                "warning backoff_outlasts_cron prune_backoff_ms",
                "warning backoff_outlasts_cron unsubscribe_backoff_ms",
            ])
    }

    @Test func gossipThatRepairsNothingIsToldOf() {
        #expect(findings { $0.parameters.maxIHaveLength = 0 } == ["warning gossip_disabled max_ihave_length"])
        #expect(
            findings { $0.parameters.maxIHaveMessages = 0 } == ["warning gossip_disabled max_ihave_messages"])
        #expect(findings { $0.parameters.historyGossip = 0 } == ["warning gossip_disabled history_gossip"])
        #expect(
            findings { $0.parameters.gossipRetransmission = 0 } == [
                "warning gossip_disabled gossip_retransmission"
            ])
        #expect(findings { $0.parameters.degreeLazy = 0 } == [])
        #expect(
            findings {
                $0.parameters.degreeLazy = 0
                $0.parameters.gossipFactor = 0
            } == ["warning gossip_disabled d_lazy"])
        #expect(findings { $0.parameters.historyGossip = 10 } == ["note no_gossip_slack history_gossip"])
    }

    @Test func timesThatDoNotFitEachOtherAreToldOf() {
        #expect(findings { $0.parameters.seenTTL = .seconds(10) } == [])
        #expect(findings { $0.parameters.seenTTL = .seconds(9) } == ["warning seen_ttl_short seen_ttl_ms"])
        #expect(
            findings { $0.parameters.heartbeatInterval = .milliseconds(100) } == [
                "warning heartbeat_short heartbeat_interval_ms"
            ])
        #expect(
            findings { $0.parameters.heartbeatInterval = .seconds(6) } == [
                "warning heartbeat_long heartbeat_interval_ms"
            ])
        #expect(
            findings { $0.parameters.iwantFollowupTime = .milliseconds(500) } == [
                "warning promise_time_short iwant_followup_time_ms"
            ])
    }

    @Test func whatPublishingGivesAwayOrLosesIsToldOf() {
        #expect(
            findings { $0.parameters.floodPublish = true } == ["warning flood_reveals_authors flood_publish"])
        #expect(findings(.default).contains("warning first_message_waits small_mesh_publish"))
        #expect(
            findings { $0.presence = PresenceParameters() } == ["note presence_reveals presence.interval_ms"])
        #expect(
            findings {
                $0.parameters.exchangesPeers = true
                $0.parameters.thresholds.acceptPX = 0
            } == ["warning offers_accepted_from_all thresholds.accept_px"])
    }

    /// What rust-libp2p asks of mesh peers by default, and go-libp2p-pubsub's rules allow.
    private func demanding(_ topic: inout TopicScoreParameters) {
        topic.meshMessageDeliveriesWeight = -1
        topic.meshMessageDeliveriesDecay = 0.5
        topic.meshMessageDeliveriesCap = 100
        topic.meshMessageDeliveriesThreshold = 20
        topic.meshMessageDeliveriesWindow = .milliseconds(10)
        topic.meshMessageDeliveriesActivation = .seconds(5)
    }

    @Test func aScoreThatPunishesQuietMembersIsToldOf() throws {
        var profile = GossipSubProfile.descord
        var topic = try #require(profile.parameters.score?.defaultTopic)
        self.demanding(&topic)
        profile.parameters.score?.defaultTopic = topic
        #expect(
            findings(profile) == ["warning quiet_members_punished topic_score.mesh_message_deliveries_weight"]
        )
        #expect(
            profile.findings().first?.message
                == "a mesh member that delivered nothing for 5 s loses 400, and is ignored")
        #expect(
            findings(profile) { $0.parameters.score?.defaultTopic?.meshMessageDeliveriesWeight = 0 } == [])
        #expect(
            findings {
                $0.parameters.score?.defaultTopic?.meshFailurePenaltyWeight = -1
                $0.parameters.score?.defaultTopic?.meshFailurePenaltyDecay = 0.5
                $0.parameters.score?.defaultTopic?.meshMessageDeliveriesThreshold = 1
            } == ["warning quiet_members_punished topic_score.mesh_failure_penalty_weight"])
    }

    @Test func whatCostsNothingIsToldOf() {
        #expect(
            findings { $0.parameters.score = nil } == [
                "note scoring_off score", "warning thresholds_without_score thresholds.graylist",
            ])
        #expect(
            findings { $0.parameters.score?.defaultTopic?.invalidMessageDeliveriesWeight = 0 } == [
                "warning invalid_messages_free topic_score.invalid_message_deliveries_weight"
            ])
        #expect(
            findings { $0.parameters.score?.behaviourPenaltyWeight = 0 } == [
                "warning misbehaviour_free score.behaviour_penalty_weight"
            ])
        #expect(
            findings { $0.parameters.score?.ipColocationFactorWeight = 0 } == [
                "note colocation_free score.ip_colocation_factor_weight"
            ])
        #expect(findings(members: 21) == [])
        #expect(
            findings(members: 22) == ["warning colocation_punished score.ip_colocation_factor_threshold"])
        #expect(
            findings { $0.parameters.score?.defaultTopic?.timeInMeshQuantum = .milliseconds(1) } == [
                "note time_in_mesh_saturates topic_score.time_in_mesh_quantum_ms"
            ])
    }

    @Test func thresholdsThatLieWhereNoScoreGetsAreToldOf() {
        #expect(
            findings {
                $0.parameters.thresholds = PeerScoreThresholds()
                $0.parameters.thresholds.opportunisticGraft = 2
            } == ["warning thresholds_zero thresholds.graylist"])
        let free = findings {
            $0.parameters.score?.defaultTopic?.invalidMessageDeliveriesWeight = 0
            $0.parameters.score?.behaviourPenaltyWeight = 0
            $0.parameters.score?.ipColocationFactorWeight = 0
        }
        #expect(free.contains("warning thresholds_out_of_reach thresholds.gossip"))
    }

    @Test func anOpportunisticGraftThatNeverOrAlwaysHappensIsToldOf() {
        let field = "thresholds.opportunistic_graft"
        #expect(findings(.snapshot).contains("note opportunistic_graft_never \(field)"))
        #expect(
            findings { $0.parameters.thresholds.opportunisticGraft = 0 } == [
                "note opportunistic_graft_never \(field)"
            ])
        #expect(findings { $0.parameters.thresholds.opportunisticGraft = 30 } == [])
        #expect(
            findings { $0.parameters.thresholds.opportunisticGraft = 31 } == [
                "warning opportunistic_graft_always \(field)"
            ])
    }
}
