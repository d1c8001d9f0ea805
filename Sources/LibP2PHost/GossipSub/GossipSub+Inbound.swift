import LibP2P
import LibP2PCore
import Logging

// MARK: - The streams that we read
extension GossipSub {
    func accept(_ stream: Stream, _ protocolID: GossipSubProtocol) {
        guard !self.isClosed else { return stream.reset() }
        if self.peers[stream.peer] == nil { self.addPeer(stream.peer, protocolID, stream.connection) }
        guard let peer = self.peers[stream.peer] else { return stream.reset() }
        // Two at once could not be put in order: the newest is the one that the peer writes.
        let old = peer.inbound
        let isAgain = peer.hasAnnounced
        peer.inbound = stream
        peer.decoder = FrameDecoder(maxFrameSize: self.configuration.parameters.maxRPCSize)
        peer.inboundParts = []
        peer.frameStart = nil
        peer.isReadingPaused = false
        old?.reset()
        stream.onClosed = { [weak peer] _ in
            if peer?.inbound === stream { peer?.inbound = nil }
        }
        stream.onFinished = { [weak stream] in stream?.finish() }
        stream.onData = { [weak self, weak peer, weak stream] bytes in
            guard let self, let peer, let stream, peer.inbound === stream else { return }
            peer.decoder.append(bytes)
            self.readFrames(peer, stream)
        }
        if isAgain { self.greetAgain(peer) }
    }

    private func announced(_ peer: GossipSubPeer) {
        guard !peer.hasAnnounced else { return }
        peer.hasAnnounced = true
        self.onAnnounced?(peer.id)
    }

    /// Handles whole frames until too many of the peer's messages are pending.
    private func readFrames(_ peer: GossipSubPeer, _ stream: Stream) {
        do {
            while !self.isClosed, peer.inbound === stream, !self.pauseIfBusy(peer, stream) {
                if !peer.inboundParts.isEmpty {
                    self.apply(.rpcReceived(peer.id, peer.inboundParts.removeFirst()))
                } else if let frame = try peer.decoder.next() {
                    peer.frameStart = nil
                    defer { self.announced(peer) }
                    // go sends empty frames; they mean nothing.
                    guard !frame.isEmpty else { continue }
                    peer.inboundParts = self.parts(of: try RPC(decoding: frame))
                    self.apply(.rpcReceived(peer.id, peer.inboundParts.removeFirst()))
                } else {
                    break
                }
            }
        } catch {
            self.logger.debug("bad pubsub frame", metadata: ["peer": "\(peer.id)", "error": "\(error)"])
            stream.reset(code: StreamErrorCode.protocolViolation)
            return
        }
        if !peer.decoder.isInFrame {
            peer.frameStart = nil
        } else if peer.frameStart == nil {
            peer.frameStart = self.host.now
        }
    }

    private func pauseIfBusy(_ peer: GossipSubPeer, _ stream: Stream) -> Bool {
        let pendingMax = self.configuration.parameters.pendingMessagesMax
        let isBusy =
            peer.pendingCount >= self.configuration.pendingPerPeerMax
            || peer.pendingCount > 0 && self.router.pendingMessageCount >= pendingMax / 2
        guard isBusy else { return false }
        if !peer.isReadingPaused {
            peer.isReadingPaused = true
            stream.pauseReading()
        }
        return true
    }

    func resumeReading(_ peer: GossipSubPeer) {
        guard let stream = peer.inbound, peer.isReadingPaused else { return }
        peer.isReadingPaused = false
        peer.frameStart = nil
        self.readFrames(peer, stream)
        if !peer.isReadingPaused, peer.inbound === stream { stream.resumeReading() }
    }

    /// Cuts an RPC so that each part has no more messages than half of what may be pending.
    private func parts(of rpc: RPC) -> [RPC] {
        let size = max(1, self.configuration.pendingPerPeerMax / 2)
        guard rpc.messages.count > size else { return [rpc] }
        var rest = rpc
        rest.messages = []
        let first = RPC(subscriptions: rpc.subscriptions)
        rest.subscriptions = []
        let chunks = stride(from: 0, to: rpc.messages.count, by: size).map {
            RPC(messages: Array(rpc.messages[$0..<min($0 + size, rpc.messages.count)]))
        }
        return ([first] + chunks + [rest]).filter { !$0.isEmpty }
    }

    /// Ends streams whose peers take too long for a frame.
    func resetSlowFrames() {
        let now = self.host.now
        for id in self.peers.keys.sorted() {
            guard let peer = self.peers[id], let start = peer.frameStart, !peer.isReadingPaused,
                now - start > self.configuration.frameTimeout
            else { continue }
            peer.frameStart = nil
            peer.inbound?.reset(code: StreamErrorCode.protocolViolation)
        }
    }
}
