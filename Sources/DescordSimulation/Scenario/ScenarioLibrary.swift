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
            ("swarm", PackageResources.swarm_json),
        ]
    }
}
