import LibP2P

/// One of the router's parameters with another value than its profile has, by its path in `ParameterField`.
package struct ParameterOverride: Equatable, Sendable {
    package var path: String
    package var value: ParameterValue

    package init(_ path: String, _ value: ParameterValue) {
        self.path = path
        self.value = value
    }
}
