import DescordCore
import DescordStore
import LibP2PCore
import NIOCore

extension NodeEngine {
    /// Fetches what a message refers to and is not here, until everything is, nobody is left to ask, or the
    /// deadline. The store knows what it came to.
    ///
    /// A one-shot node has begun to dial by itself; `dials` is for one that has been running.
    func fetchFiles(
        of message: OperationID, deadline: NIODeadline, dials: Bool
    ) -> EventLoopFuture<Void> {
        let found: (space: SpaceID, author: PeerID, files: [FileReference])
        do {
            guard let (space, key, files) = try self.store.files(of: message) else {
                return self.eventLoop.makeSucceededVoidFuture()
            }
            found = (space, PeerID(key), try files.filter { try !self.store.holdsFile($0.hash) })
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
        guard !found.files.isEmpty else { return self.eventLoop.makeSucceededVoidFuture() }
        if dials { self.dialKnownPeers() }
        // The first file is looked for first.
        for file in found.files.reversed() {
            self.files.want(file, in: found.space, by: found.author, anew: true)
        }
        let start = NIODeadline.now()
        let grace = self.configuration.usesMulticastDNS ? start + Self.discoveryGrace : start
        let graceTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: grace) { self.progressed() }
        return self.wait(until: deadline) { [unowned self] in
            let left = found.files.filter { file in
                self.files.wanted.contains { $0.reference == file && $0.space == found.space }
            }
            if left.isEmpty { return true }
            return self.dialsAreSettled && self.unsettledSessions == 0 && NIODeadline.now() >= grace
                && !left.contains { self.files.isUnderWay($0, in: found.space) }
        }.flatMap { [self] _ in
            graceTimer.cancel()
            return self.pipeline.drain()
        }
    }
}
