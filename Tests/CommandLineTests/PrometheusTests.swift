import DescordCLI
import DescordNode
import DescordStore
import LibP2PCore
import Testing

/// `metrics --prometheus`: what it prints, and the rules of the format that hold for it.
@Suite struct PrometheusTests {
    private func metrics(_ topic: String) -> TopicMetrics {
        var metrics = TopicMetrics(topic: topic)
        metrics.messagesPublished = 3
        metrics.messagesReceived = 9
        metrics.meshPeers = 2
        metrics.lastActivity = WallTime(milliseconds: 1_500_250)
        metrics.more = [
            "grafts_by_reason.below_low": 4, "prunes_by_reason.negative_score": 1, "live_synced": 3,
            "live_synced_then_gossiped": 2, "propagation_ms.10": 5, "propagation_ms.50": 1,
            "propagation_ms.inf": 1, "propagation_ms.sum": 700_123, "iwant_served": 6,
        ]
        metrics.gauges = [
            "subscribers": 5, "mesh_low": 4, "mesh_target": 6, "mesh_high": 12, "score_milli.min": -1_500,
            "scores.negative": 1,
        ]
        return metrics
    }

    @Test func aPageKeepsTheRulesOfTheFormat() throws {
        let reports = [
            TopicReport(self.metrics("space/a"), spaceName: "ops"), TopicReport(self.metrics("space/b")),
            TopicReport(TopicMetrics(topic: "quiet")),
        ]
        let page = try PrometheusPage(MetricsExposition.text(reports))
        #expect(page["descord_messages_published_total"].map(\.value) == [3, 3, 0])
        #expect(
            page["descord_topic_info"].first
                == .init(name: "descord_topic_info", labels: ["topic": "space/a", "space": "ops"], value: 1))
        #expect(
            page["descord_grafts_total"].contains(
                .init(
                    name: "descord_grafts_total", labels: ["topic": "space/b", "reason": "below_low"],
                    value: 4)))
        #expect(page["descord_mesh_peers"].map(\.value) == [2, 2, 0])
        #expect(page["descord_subscribers"].first?.value == 5)
        #expect(page["descord_delivery_ratio"].map(\.value) == [0.9, 0.9])
        #expect(page["descord_peer_score"].map(\.value) == [-1.5, -1.5])
        #expect(page["descord_last_activity_timestamp_seconds"].map(\.value) == [1_500.25, 1_500.25])
        let first = page["descord_propagation_seconds_bucket"].filter { $0.labels["topic"] == "space/a" }
        #expect(first.map(\.value) == [5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7])
        #expect(first.first?.labels["le"] == "0.01" && first.last?.labels["le"] == "+Inf")
        #expect(page["descord_propagation_seconds_sum"].first?.value == 700.123)
        for (name, type) in page.types { #expect((type == "counter") == name.hasSuffix("_total"), "\(name)") }
        for (name, text) in page.help { #expect(text.hasSuffix("."), "\(name)") }
    }

    @Test func labelsMayHoldAnything() throws {
        for name in ["a\"b", "a\\b", "a\nb", "a\\\nb\"", "{},=", "\\n", "ö 👍"] {
            let report = TopicReport(TopicMetrics(topic: name), spaceName: name)
            let page = try PrometheusPage(MetricsExposition.text([report]))
            #expect(page["descord_topic_info"].map(\.labels) == [["topic": name, "space": name]], "\(name)")
        }
    }

    @Test func withoutTopicsThereIsNothing() {
        #expect(MetricsExposition.text([]).isEmpty)
    }

    @Test func theCheckerFindsWhatIsWrong() throws {
        let good = MetricsExposition.text([TopicReport(self.metrics("t"))])
        _ = try PrometheusPage(good)
        func spoil(_ change: (inout String) -> Void) -> Bool {
            var text = good
            change(&text)
            #expect(text != good)
            do {
                _ = try PrometheusPage(text)
                return false
            } catch {
                return true
            }
        }
        #expect(spoil { $0.removeLast() })
        #expect(spoil { $0 += $0 })
        #expect(spoil { $0 += "descord_mesh_peers{topic=\"u\"} 1\n" })
        #expect(spoil { $0.replace("# TYPE descord_mesh_peers gauge\n", with: "") })
        #expect(spoil { $0.replace("# HELP descord_mesh_peers Peers in the mesh.\n", with: "") })
        #expect(spoil { $0.replace("le=\"+Inf\"} 7", with: "le=\"+Inf\"} 8") })
        #expect(spoil { $0.replace("le=\"0.01\"} 5", with: "le=\"0.01\"} 7") })
        #expect(spoil { $0.replace("topic=\"t\"", with: "topic=\"t\"\"") })
        #expect(spoil { $0.replace("topic=\"t\"", with: "topic=\"\\t\"") })
        #expect(spoil { $0.replace("topic=", with: "to-pic=") })
        #expect(spoil { $0.replace("} 9\n", with: "} nine\n") })
        #expect(spoil { $0.replace("descord_messages_published_total", with: "descord_messages_published") })
    }

    @Test func theCommandPrintsAPageOrSaysWhyNot() async throws {
        let home = try await TestHome.made(space: "ops")
        try await home.succeed("sync")
        let page = try PrometheusPage(try await home.succeed("metrics", "--prometheus").output)
        #expect(page["descord_topic_info"].map { $0.labels["space"] } == ["ops"])
        let object = try await home.succeed("metrics", "--json").object()
        #expect(object["space_name"] as? String == "ops")
        for key in [
            "messages_published", "mesh_peers", "subscribers", "grafts_by_reason", "propagation", "scores",
        ] {
            #expect(object[key] != nil, "\(key)")
        }
        #expect(object["delivery_rate"] is String == false)
        #expect(try await home.run("metrics", "--prometheus", "--json").code == 64)
        #expect(try await home.run("metrics", "--prometheus", "--since", "1h").code == 64)
        // A setting gives way to the option.
        let configured = try await home.run("metrics", "--prometheus", environment: ["DESCORD_JSON": "1"])
        #expect(configured.code == 0 && configured.output.hasPrefix("# HELP"))
    }
}
