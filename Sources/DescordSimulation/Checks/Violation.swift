/// What is watched while a world runs.
package enum Checker: String, CaseIterable, Sendable {
    /// Meshes are symmetric, and as large as they should be, once things are quiet.
    case mesh
    /// Every message reaches everybody who could be reached, in time.
    case delivery
    /// No application is given a message twice.
    case duplicates
    /// Nothing is sent to a graylisted peer, and no GRAFT into a backoff.
    case sends
    /// Caches and queues stay within their bounds.
    case memory
    /// After the last fault everything works again.
    case convergence
    /// No honest node lowers another honest node's score.
    case score
    /// Nothing is stored or forwarded for those who are no members.
    case membership
}

/// Something that must not happen, and did.
package struct Violation: Equatable, Sendable {
    package let checker: Checker
    /// Nanoseconds of virtual time.
    package let at: Int64
    /// The honest node that is concerned.
    package let node: Int?
    /// Lower case, no full stop.
    package let message: String
}

/// The violations of a run: all counted, the first ones kept.
struct ViolationBook {
    /// More than these nobody reads.
    static let keptMax = 64

    private(set) var kept: [Violation] = []
    private(set) var count = 0
    private var perChecker: [Checker: Int] = [:]

    /// Notes one. A checker that fires all the time does not crowd out the others.
    mutating func add(_ checker: Checker, at: Int64, node: Int?, _ message: @autoclosure () -> String) {
        count += 1
        perChecker[checker, default: 0] += 1
        guard perChecker[checker, default: 0] <= Self.keptMax / Checker.allCases.count else { return }
        kept.append(Violation(checker: checker, at: at, node: node, message: message()))
    }
}
