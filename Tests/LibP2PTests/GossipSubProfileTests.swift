import LibP2P
import Testing

@Suite struct GossipSubProfileTests {
    /// The values of a profile by the names of the table.
    private func value(_ path: String, _ profile: GossipSubProfile) -> ParameterValue? {
        ParameterField.named(path)?.value(in: profile)
    }

    @Test func everyProfileIsValidAndFoundByItsName() {
        #expect(GossipSubProfile.all.map(\.name) == ["descord", "small", "snapshot", "waku", "default"])
        for profile in GossipSubProfile.all {
            #expect(profile.failure == nil)
            #expect(profile.parameters.failure == nil)
            #expect(GossipSubProfile.named(profile.name) == profile)
            #expect(!profile.summary.isEmpty)
        }
        #expect(GossipSubProfile.named("nosuch") == nil)
    }

    @Test func descordIsTheFirstSeeds() {
        let parameters = GossipSubProfile.descord.parameters
        #expect(parameters == .descord)
        #expect([parameters.degree, parameters.degreeLow, parameters.degreeHigh] == [6, 4, 12])
        #expect(parameters.heartbeatInterval == .seconds(1))
        #expect(parameters.seenTTL == .seconds(300))
        #expect([parameters.historyLength, parameters.historyGossip] == [10, 5])
        #expect(parameters.maxRPCSize == 1_048_576)
        #expect(!parameters.floodPublish)
        #expect(GossipSubProfile.descord.presence == nil)
    }

    @Test(arguments: ["descord", "small"]) func noQuietMemberLosesByChatsScores(_ name: String) throws {
        let profile = try #require(GossipSubProfile.named(name))
        let topic = try #require(profile.parameters.score?.defaultTopic)
        #expect(topic.meshMessageDeliveriesWeight == 0)
        #expect(topic.meshFailurePenaltyWeight == 0)
        #expect(profile.parameters.score?.applicationScore == 0)
        // And what an honest node never does costs.
        #expect(topic.invalidMessageDeliveriesWeight < 0)
        #expect(try #require(profile.parameters.score).behaviourPenaltyWeight < 0)
        #expect(try #require(profile.parameters.score).ipColocationFactorWeight < 0)
        #expect(profile.parameters.thresholds.graylist < 0)
    }

    @Test func aPeerWithFullMeritsIsSilencedByItsFourthWrongMessage() throws {
        let parameters = GossipSubProfile.descord.parameters
        let score = try #require(parameters.score)
        let topic = try #require(score.defaultTopic)
        let merits =
            topic.timeInMeshWeight * topic.timeInMeshCap
            + topic.firstMessageDeliveriesWeight * topic.firstMessageDeliveriesCap
        #expect(merits == score.topicScoreCap)
        func after(_ count: Double, from merits: Double) -> Double {
            merits + topic.invalidMessageDeliveriesWeight * count * count
        }
        #expect(after(1, from: merits) > 0)
        #expect(after(2, from: merits) < 0)
        #expect(after(3, from: merits) > parameters.thresholds.graylist)
        #expect(after(4, from: merits) < parameters.thresholds.graylist)
        // A stranger's.
        #expect(after(1, from: 0) > parameters.thresholds.gossip)
        #expect(after(2, from: 0) < parameters.thresholds.gossip)
        #expect(after(3, from: 0) < parameters.thresholds.publish)
        #expect(after(4, from: 0) < parameters.thresholds.graylist)
    }

    @Test func chatsDecaysAreThoseOfTenMinutesAndAnHour() throws {
        let score = try #require(GossipSubProfile.descord.parameters.score)
        let hour = ScoreDecay.factor(toZeroWithin: .seconds(3_600))
        #expect(score.behaviourPenaltyDecay == ScoreDecay.factor(toZeroWithin: .seconds(600)))
        #expect(score.defaultTopic?.firstMessageDeliveriesDecay == hour)
        #expect(score.defaultTopic?.invalidMessageDeliveriesDecay == hour)
    }

    @Test func fiveMembersOfASmallSpaceMeshWithEachOther() {
        let parameters = GossipSubProfile.small.parameters
        #expect(parameters.degree == 4)
        // Two parts of five with meshes of D_low each would need three members both.
        #expect(2 * (parameters.degreeLow + 1) > 5)
        // Four others never fill the mesh, so none is pruned.
        #expect(parameters.degreeHigh > 4)
    }

    /// The table of the second seed, by the names of the parameters there.
    @Test func snapshotHasEveryValueOfTheSecondSeed() {
        let expected: [(String, ParameterValue)] = [
            ("d", .integer(10)), ("d_low", .integer(8)), ("d_high", .integer(16)), ("d_lazy", .integer(10)),
            ("d_out", .integer(4)), ("d_score", .integer(6)), ("heartbeat_interval_ms", .integer(700)),
            ("opportunistic_graft_ticks", .integer(30)), ("opportunistic_graft_peers", .integer(4)),
            ("prune_backoff_ms", .integer(300_000)), ("unsubscribe_backoff_ms", .integer(30_000)),
            ("connection_timeout_ms", .integer(60_000)), ("direct_connect_ticks", .integer(300)),
            ("direct_connect_initial_delay_ms", .integer(1_000)), ("fanout_ttl_ms", .integer(60_000)),
            ("max_pending_connections", .integer(256)), ("history_length", .integer(12)),
            ("history_gossip", .integer(6)), ("gossip_factor", .number(0.25)), ("flood_publish", .flag(true)),
            ("topic_score.mesh_message_deliveries_weight", .number(0)),
            ("topic_score.mesh_message_deliveries_activation_ms", .integer(86_400_000)),
            ("topic_score.mesh_message_deliveries_decay", .number(0.999)),
            ("topic_score.mesh_message_deliveries_threshold", .number(0.001)),
            ("topic_score.mesh_message_deliveries_cap", .number(1)),
            ("topic_score.mesh_message_deliveries_window_ms", .integer(86_400_000)),
            ("topic_score.mesh_failure_penalty_weight", .number(0)),
            ("presence.interval_ms", .integer(10_000)),
            ("presence.prefix", .text("/powerloom/snapshot-submissions")),
            // As deployed.
            ("thresholds.gossip", .number(-100_000)), ("thresholds.publish", .number(-200_000)),
            ("thresholds.graylist", .number(-500_000)), ("thresholds.accept_px", .number(0)),
            ("thresholds.opportunistic_graft", .number(1)),
            ("score.app_specific_score", .number(10_000)), ("score.app_specific_weight", .number(10)),
            ("score.topic_score_cap", .number(100_000)), ("score.retain_score_ms", .integer(1_800_000)),
            ("score.ip_colocation_factor_weight", .number(0)), ("score.behaviour_penalty_weight", .number(0)),
            ("topic_score.topic_weight", .number(10)), ("topic_score.time_in_mesh_weight", .number(10)),
            ("topic_score.first_message_deliveries_weight", .number(100)),
            ("topic_score.invalid_message_deliveries_weight", .number(-100)),
            ("topic_score.invalid_message_deliveries_decay", .number(0.5)),
            // Zero where it is deployed; the specification's default here.
            ("max_ihave_length", .integer(5_000)), ("max_ihave_messages", .integer(10)),
            ("iwant_followup_time_ms", .integer(3_000)), ("graft_flood_threshold_ms", .integer(10_000)),
            ("prune_peers", .integer(16)), ("connectors", .integer(8)),
            ("heartbeat_initial_delay_ms", .integer(100)),
        ]
        for (path, value) in expected {
            #expect(self.value(path, .snapshot) == value, "\(path)")
        }
    }

    @Test func wakuIsAsDeployedButForWhatGoRefuses() {
        let expected: [(String, ParameterValue)] = [
            ("d", .integer(6)), ("d_low", .integer(4)), ("d_high", .integer(8)), ("d_score", .integer(6)),
            ("d_out", .integer(2)), ("d_lazy", .integer(6)), ("heartbeat_interval_ms", .integer(1_000)),
            ("history_length", .integer(6)), ("history_gossip", .integer(3)),
            ("prune_backoff_ms", .integer(60_000)), ("unsubscribe_backoff_ms", .integer(5_000)),
            ("seen_ttl_ms", .integer(120_000)), ("flood_publish", .flag(true)),
            ("thresholds.gossip", .number(-100)), ("thresholds.publish", .number(-1_000)),
            ("thresholds.graylist", .number(-10_000)), ("thresholds.opportunistic_graft", .number(0)),
        ]
        for (path, value) in expected {
            #expect(self.value(path, .waku) == value, "\(path)")
        }
        var deployed = GossipSubProfile.waku
        deployed.parameters.degreeOut = 3
        #expect(deployed.failure?.field == "d_out")
    }

    @Test func defaultIsGoLibP2PsWithoutOurAdditions() {
        let profile = GossipSubProfile.default
        let expected: [(String, ParameterValue)] = [
            ("d", .integer(6)), ("d_low", .integer(5)), ("d_high", .integer(12)), ("d_score", .integer(4)),
            ("d_out", .integer(2)), ("d_lazy", .integer(6)), ("history_length", .integer(5)),
            ("history_gossip", .integer(3)), ("seen_ttl_ms", .integer(120_000)), ("do_px", .flag(false)),
            ("flood_publish", .flag(false)), ("small_mesh_publish", .flag(false)),
            ("holds_unsent_publications", .flag(false)), ("grafts_on_subscribe", .flag(false)),
        ]
        for (path, value) in expected {
            #expect(self.value(path, profile) == value, "\(path)")
        }
        #expect(profile.parameters.score == nil)
    }
}

@Suite struct ParameterFieldTests {
    @Test func everyNameIsThereOnceAndInSnakeCase() {
        let paths = ParameterField.all.map(\.path)
        #expect(Set(paths).count == paths.count)
        #expect(paths.count > 90)
        for field in ParameterField.all {
            #expect(field.name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }, "\(field.name)")
            #expect(field.summary.hasSuffix("."))
            #expect(ParameterField.named(field.path)?.path == field.path)
        }
    }

    /// A parameter that the table forgot could neither be shown nor set.
    @Test func everyPropertyOfEveryPartHasAField() {
        // A topic's own score parameters and what a command is for are no values of a profile.
        let apart = ["graftPolicy", "score", "thresholds", "peerGater", "defaultTopic", "topics"]
        func count(_ part: Any) -> Int {
            Mirror(reflecting: part).children.filter { !apart.contains($0.label ?? "") }.count
        }
        let limits = 2  // a rate limit is two fields in one property, and there are two of them
        func fields(_ group: ParameterField.Group) -> Int {
            ParameterField.all.filter { $0.group == group }.count
        }
        #expect(fields(.router) == count(GossipSubParameters()) + limits)
        #expect(fields(.thresholds) == count(PeerScoreThresholds()))
        #expect(fields(.score) == count(PeerScoreParameters()))
        #expect(fields(.topicScore) == count(TopicScoreParameters()))
        #expect(fields(.peerGater) == count(PeerGaterParameters()))
        #expect(fields(.presence) == count(PresenceParameters()))
    }

    @Test func whatIsSetIsReadBackAndNothingElseChanges() throws {
        for field in ParameterField.all {
            var profile = GossipSubProfile.default
            for group in ParameterField.Group.allCases { group.add(to: &profile) }
            let before = profile
            let value = try #require(self.other(than: field.value(in: profile), field))
            try field.set(value, in: &profile)
            #expect(field.value(in: profile) == value, "\(field.path)")
            for other in ParameterField.all where other.path != field.path {
                #expect(other.value(in: profile) == other.value(in: before), "\(field.path) \(other.path)")
            }
        }
    }

    @Test func whatDoesNotFitIsRefusedByName() {
        func failure(_ path: String, _ value: ParameterValue) -> String? {
            var profile = GossipSubProfile.descord
            do throws(GossipSubParametersFailure) {
                try ParameterField.named(path)?.set(value, in: &profile)
                return nil
            } catch {
                #expect(profile == .descord)
                return error.description
            }
        }
        #expect(failure("d", .text("x")) == "\"d\" is \"x\", and must be a whole number from 0 to 1024")
        #expect(failure("d", .number(2.5)) == "\"d\" is 2.5, and must be a whole number from 0 to 1024")
        #expect(failure("d", .integer(-1)) != nil)
        #expect(failure("flood_publish", .integer(1)) == "\"flood_publish\" is 1, and must be true or false")
        #expect(failure("gossip_factor", .number(.nan)) != nil)
        #expect(failure("gossip_factor", .integer(1)) == nil)
        #expect(failure("score.behaviour_penalty_weight", .integer(1)) != nil)
        #expect(failure("score.ip_colocation_factor_whitelist", .texts(["10.0.0.0/33"])) != nil)
        #expect(failure("score.ip_colocation_factor_whitelist", .texts(["10.0.0.0/8", "fd00::/8"])) == nil)
        #expect(failure("presence.prefix", .text("")) != nil)
    }

    @Test func groupsComeAndGo() throws {
        var profile = GossipSubProfile.default
        for group in ParameterField.Group.allCases where group.isOptional {
            #expect(!group.isPresent(in: profile))
            let field = try #require(ParameterField.all.first { $0.group == group })
            #expect(field.value(in: profile) == nil)
            group.add(to: &profile)
            #expect(group.isPresent(in: profile))
            #expect(field.value(in: profile) != nil)
        }
        for group in ParameterField.Group.allCases.reversed() { group.remove(from: &profile) }
        #expect(profile == .default)
    }

    @Test func networksAreReadAndWritten() {
        for text in ["192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32"] {
            #expect(IPNetwork(parsing: text)?.description == text)
        }
        #expect(IPNetwork(parsing: "192.0.2.1")?.description == "192.0.2.1/32")
        for text in ["", "/8", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/+8", "192.0.2/24", "x", "::/129"] {
            #expect(IPNetwork(parsing: text) == nil, "\(text)")
        }
    }

    /// A value that a field may have and does not.
    private func other(than value: ParameterValue?, _ field: ParameterField) -> ParameterValue? {
        switch (field.kind, value) {
        case (.flag, .flag(let flag)): .flag(!flag)
        case (.integer(let range), .integer(let old)), (.milliseconds(let range), .integer(let old)):
            .integer(old == range.upperBound ? range.lowerBound : range.upperBound)
        case (.number(.atMostZero), _): .number(-17)
        case (.number(.share), _), (.number(.decay), _): .number(0.125)
        case (.number, _): .number(17)
        case (.text, _): .text("/x")
        case (.networks, _): .texts(["192.0.2.0/24"])
        default: nil
        }
    }
}
