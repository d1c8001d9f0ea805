import DescordNode
import LibP2PCore

/// All topics' measurements as one page for Prometheus.
package enum MetricsExposition {
    private static let prefix = "descord_"

    package static func text(_ reports: [TopicReport]) -> String {
        var page = PrometheusText()
        page.add(
            self.prefix + "topic_info", .gauge, "The space that a topic is of.",
            reports.map { ([("topic", $0.topic), ("space", $0.spaceName ?? "")], 1) })
        self.addCounters(of: reports, to: &page)
        self.addGauges(of: reports, to: &page)
        page.addHistograms(
            self.prefix + "propagation_seconds",
            "How long messages of others were under way, by their authors' clocks and ours.",
            reports.map { report in
                (
                    [("topic", report.topic)], PropagationHistogram.bounds.map { Double($0) / 1_000 },
                    report.propagation.counts, Double(report.propagation.sum) / 1_000
                )
            })
        return page.text
    }

    private static func addCounters(of reports: [TopicReport], to page: inout PrometheusText) {
        // Mesh changes are there by reason, and their sum is Prometheus' business.
        for counter in GossipCounter.all where counter.name != "grafts" && counter.name != "prunes" {
            page.add(
                self.prefix + counter.name + "_total", .counter, counter.help,
                reports.map { ([("topic", $0.topic)], Double($0.count(counter.name))) })
        }
        page.add(
            self.prefix + MetricsRecorder.presenceSentName + "_total", .counter,
            "Own signs of life, which are no messages.",
            reports.map { ([("topic", $0.topic)], Double($0.count(MetricsRecorder.presenceSentName))) })
        for (name, help) in [
            (
                MetricsRecorder.syncedName,
                "Messages of others, written while a node was here, that synchronisation brought first."
            ), (MetricsRecorder.syncedThenGossipedName, "Those of them that gossip brought too."),
        ] {
            page.add(
                self.prefix + "messages_" + name + "_total", .counter, help,
                reports.map { ([("topic", $0.topic)], Double($0.count(name))) })
        }
        for (name, family) in [
            ("grafts", GossipReasons.grafts), ("prunes", .prunes), ("refused_grafts", .refusals),
        ] {
            page.add(
                self.prefix + name + "_total", .counter, family.help,
                reports.flatMap { report in
                    report.counts(family).map {
                        ([("topic", report.topic), ("reason", $0.reason)], Double($0.count))
                    }
                })
        }
    }

    private static func addGauges(of reports: [TopicReport], to page: inout PrometheusText) {
        func add(_ name: String, _ help: String, _ value: (TopicReport) -> Double?) {
            page.add(
                self.prefix + name, .gauge, help,
                reports.compactMap { report in value(report).map { ([("topic", report.topic)], $0) } })
        }
        func add(
            _ name: String, _ help: String, by label: String, _ values: (TopicReport) -> [(String, Double?)]
        ) {
            page.add(
                self.prefix + name, .gauge, help,
                reports.flatMap { report in
                    values(report).compactMap { key, value in
                        value.map { ([("topic", report.topic), (label, key)], $0) }
                    }
                })
        }
        add("mesh_peers", "Peers in the mesh.") { Double($0.gauges.meshPeers) }
        add("mesh_bound", "The sizes between which the mesh is kept.", by: "bound") { report in
            [
                ("low", Double(report.gauges.low)), ("target", Double(report.gauges.target)),
                ("high", Double(report.gauges.high)),
            ]
        }
        add("subscribers", "Connected subscribers, in the mesh or not.") { Double($0.gauges.subscribers) }
        add("backoffs", "Peers that may not be grafted yet.") { Double($0.gauges.backoffs) }
        add("peer_score", "The subscribers' scores.", by: "of") { report in
            let scores = report.gauges.scores
            return [("min", scores.least), ("median", scores.median), ("max", scores.greatest)]
        }
        add("peer_scores", "How many subscribers' scores lead to what.", by: "level") { report in
            ScoreSpread.Level.allCases.map { ($0.rawValue, Double(report.gauges.scores[$0])) }
        }
        add(
            "delivery_ratio", "The share of what others wrote while a node was here that gossip brought."
        ) { $0.deliveryRate }
        add("last_activity_timestamp_seconds", "When a message was last published or received.") {
            $0.lastActivity.map { Double($0.milliseconds) / 1_000 }
        }
        add("recorded_timestamp_seconds", "The minute in which a node recorded something last.") {
            $0.recorded.map { Double($0.milliseconds) / 1_000 }
        }
    }
}
