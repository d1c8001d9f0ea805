/// The way of one message: who was first to bring it to whom, and when.
package struct DeliveryRecord: Equatable, Sendable {
    /// One first delivery.
    package struct Step: Equatable, Sendable {
        package let node: Int
        package let from: Int
        /// Nanoseconds after the publication.
        package let after: Int64
    }

    /// Which message; nil: nothing was published.
    private(set) package var message: Int?
    package private(set) var author = 0
    package private(set) var at: Int64 = 0
    package private(set) var steps: [Step] = []
    /// Which one is wanted: the first whose number is at least this.
    package var wanted = 0

    package init() {}

    mutating func published(_ index: Int, by node: Int, at time: Int64) {
        guard message == nil, index >= wanted else { return }
        message = index
        author = node
        at = time
    }

    mutating func delivered(_ index: Int, to node: Int, from: Int, at time: Int64) {
        guard index == message else { return }
        steps.append(Step(node: node, from: from, after: time - at))
    }
}
