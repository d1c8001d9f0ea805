/// The scenarios that are built into the program.
package enum ScenarioLibrary {
    /// Their names, in the order in which they are listed.
    package static var names: [String] { texts.map(\.name) }

    /// Returns a scenario by its name; nil when there is none.
    ///
    /// - Throws: what is wrong with its text, which the tests rule out.
    package static func scenario(_ name: String) throws(ScenarioFailure) -> Scenario? {
        guard let text = texts.first(where: { $0.name == name }) else { return nil }
        return try Scenario(named: name, reading: text.bytes)
    }

    private static var texts: [(name: String, bytes: [UInt8])] {
        [
            ("steady", PackageResources.steady_json),
            ("churn", PackageResources.churn_json),
            ("partition", PackageResources.partition_json),
            ("cold-boot", PackageResources.cold_boot_json),
            ("sybil", PackageResources.sybil_json),
            ("eclipse", PackageResources.eclipse_json),
            ("covert-flash", PackageResources.covert_flash_json),
            ("slow-peers", PackageResources.slow_peers_json),
            ("ihave-flood", PackageResources.ihave_flood_json),
            ("graft-flood", PackageResources.graft_flood_json),
            ("tiny-space", PackageResources.tiny_space_json),
            ("kicked-in-mesh", PackageResources.kicked_in_mesh_json),
            ("replay-flood", PackageResources.replay_flood_json),
            ("hold-flood", PackageResources.hold_flood_json),
            ("adaptive-sybil", PackageResources.adaptive_sybil_json),
            ("forged-flood", PackageResources.forged_flood_json),
            ("large-messages", PackageResources.large_messages_json),
            ("large-messages-plain", PackageResources.large_messages_plain_json),
            ("priority", PackageResources.priority_json),
            ("priority-plain", PackageResources.priority_plain_json),
            ("shaping", PackageResources.shaping_json),
            ("shaping-plain", PackageResources.shaping_plain_json),
            ("ten-thousand", PackageResources.ten_thousand_json),
            ("swarm", PackageResources.swarm_json),
        ]
    }
}
