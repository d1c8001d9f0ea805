import DescordCore
import LibP2PCore

// The node's values as they cross the hand-over socket, and back.

extension HandoverResult.Publication {
    init(_ publication: Publication) {
        self.init(
            storedBy: Dictionary(uniqueKeysWithValues: publication.storedBy.map { ($0.key.hex, $0.value) }),
            heldBy: Dictionary(uniqueKeysWithValues: publication.heldBy.map { ($0.key.hex, $0.value) }),
            hasOtherMembers: publication.hasOtherMembers,
            connect: publication.connect?.saturatedNanoseconds,
            publish: publication.publish?.saturatedNanoseconds,
            stored: publication.stored?.saturatedNanoseconds)
    }

    /// The value that the holder sent.
    var value: Publication {
        func byID(_ counts: [String: Int]) -> [OperationID: Int] {
            var result: [OperationID: Int] = [:]
            for (hex, count) in counts {
                if let id = OperationID(hex: hex) { result[id] = count }
            }
            return result
        }
        return Publication(
            storedBy: byID(self.storedBy), heldBy: byID(self.heldBy ?? [:]),
            hasOtherMembers: self.hasOtherMembers,
            connect: self.connect.map { .nanoseconds($0) }, publish: self.publish.map { .nanoseconds($0) },
            stored: self.stored.map { .nanoseconds($0) })
    }
}

extension HandoverResult.Join {
    init(_ result: JoinResult) {
        switch result {
        case .joined(let report): self.init(outcome: "joined", report: report)
        case .admittedNotFetched(let report): self.init(outcome: "partly", report: report)
        case .unreachable: self.init(outcome: "unreachable")
        case .refused(let refusal): self.init(outcome: Self.words.first { $0.1 == refusal }?.0 ?? "unknown")
        }
    }

    /// The value that the holder sent; a word that this version does not know is an unexplained refusal.
    var value: JoinResult {
        switch (self.outcome, self.report) {
        case ("joined", let report?): .joined(report)
        case ("partly", let report?): .admittedNotFetched(report)
        case ("unreachable", _): .unreachable
        default: .refused(Self.words.first { $0.0 == self.outcome }?.1 ?? .unknown)
        }
    }

    private static let words: [(String, SyncRefusal)] = [
        ("unknown", .unknown), ("expired", .expired), ("used_up", .usedUp), ("revoked", .revoked),
        ("banned", .banned),
    ]
}
