import DescordCore
import LibP2PCore

/// Who said that they stored which of the operations that this run publishes.
///
/// A value of the engine. Counts each member once; what it is told was already written to the database.
struct ReceiptBoard {
    private var storedBy: [OperationID: Set<PeerID>] = [:]

    /// Starts counting for an operation, from the members whose receipts the database already has.
    mutating func begin(_ operation: OperationID, storedBy peers: some Sequence<PeerID>) {
        self.storedBy[operation, default: []].formUnion(peers)
    }

    /// Returns how many members stored an operation.
    func count(of operation: OperationID) -> Int {
        self.storedBy[operation]?.count ?? 0
    }

    /// Records that a member stored operations.
    mutating func received(_ operations: [OperationID], from peer: PeerID) {
        for operation in operations where self.storedBy[operation] != nil {
            self.storedBy[operation]?.insert(peer)
        }
    }

    /// Whether `peer` said that it stored an operation.
    func has(_ operation: OperationID, from peer: PeerID) -> Bool {
        self.storedBy[operation]?.contains(peer) ?? false
    }
}
