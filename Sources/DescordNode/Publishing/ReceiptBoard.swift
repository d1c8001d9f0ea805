import DescordCore
import LibP2PCore
import NIOCore

/// Who said that they stored which of our operations, and who is waiting to hear it.
///
/// Confined to the event loop. Counts each member once; what it is told was already written to the database.
final class ReceiptBoard {
    private struct Wait {
        let operations: [OperationID]
        let count: Int
        let promise: EventLoopPromise<Void>
    }

    private let eventLoop: any EventLoop
    private var storedBy: [OperationID: Set<PeerID>] = [:]
    private var waits: [Int: Wait] = [:]
    private var nextWait = 0

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Starts counting for an operation, from the members whose receipts the database already has.
    func begin(_ operation: OperationID, storedBy peers: some Sequence<PeerID>) {
        self.storedBy[operation, default: []].formUnion(peers)
    }

    /// Returns how many members stored an operation.
    func count(of operation: OperationID) -> Int {
        self.storedBy[operation]?.count ?? 0
    }

    /// Records that a member stored operations; wakes whoever waited for that.
    func received(_ operations: [OperationID], from peer: PeerID) {
        for operation in operations where self.storedBy[operation] != nil {
            self.storedBy[operation]?.insert(peer)
        }
        self.wake()
    }

    /// Returns a future that completes when every operation was stored by `count` members; it never fails, and
    /// the caller bounds it by `giveUp`.
    func whenStored(_ operations: [OperationID], by count: Int) -> (handle: Int, future: EventLoopFuture<Void>) {
        let handle = self.nextWait
        self.nextWait += 1
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.waits[handle] = Wait(operations: operations, count: count, promise: promise)
        self.wake()
        return (handle, promise.futureResult)
    }

    /// Ends a wait without its condition: the deadline came, or nobody is left who could answer.
    func giveUp(_ handle: Int) {
        self.waits.removeValue(forKey: handle)?.promise.succeed()
    }

    /// Whether somebody waits for a receipt.
    var hasWaits: Bool { !self.waits.isEmpty }

    private func wake() {
        for (handle, wait) in self.waits.sorted(by: { $0.key < $1.key })
        where wait.operations.allSatisfy({ self.count(of: $0) >= wait.count }) {
            self.waits[handle] = nil
            wait.promise.succeed()
        }
    }
}
