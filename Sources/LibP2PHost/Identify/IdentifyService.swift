import DescordCrypto
import Glibc
import LibP2P
import LibP2PCore
import NIOCore

/// Answers and asks `/ipfs/id/1.0.0`, sends and takes `/ipfs/id/push/1.0.0` (libp2p specs, "identify").
///
/// Confined to the host's loop. Asking starts with the connection and delays nothing: streams can be opened
/// before the answer.
final class IdentifyService {
    /// Pushes taken from one connection in a row before more are refused; one more is allowed each second.
    private static let pushBurst = 16
    /// Inbound identify streams served at once on a connection: asking twice is odd, asking hundreds of times
    /// abuse.
    private static let maxConcurrentAnswers = 4

    private unowned let host: Host
    private var sequence: UInt64
    /// What was said last, so that a push goes out only when something changed.
    private var said: (addresses: [Multiaddr], protocols: [String])
    private var sealedRecord: [UInt8]?
    private var pushScheduled = false
    private(set) var observed = ObservedAddresses()

    init(host: Host) {
        self.host = host
        self.sequence = host.configuration.peerRecordSequence ?? Self.wallClockNanoseconds
        self.said = ([], [])
    }

    func start() {
        self.host.setHandler(IdentifyMessage.protocolID) { [weak self] in self?.answer($0) }
        self.host.setHandler(IdentifyMessage.pushProtocolID) { [weak self] in self?.receivePush($0) }
    }

    // MARK: - Asking

    func ask(_ connection: Connection) {
        guard let stream = connection.openStream(IdentifyMessage.protocolID) else { return }
        self.read(stream, asPush: false)
    }

    private func read(_ stream: Stream, asPush: Bool) {
        var decoder = IdentifyDecoder()
        let timer = self.host.eventLoop.assumeIsolated().scheduleTask(
            in: TimeAmount(self.host.configuration.deadlines.identify)
        ) { stream.reset() }
        stream.onClosed = { _ in timer.cancel() }
        stream.onData = { [weak stream] bytes in
            do throws(IdentifyDecoder.Failure) {
                try decoder.append(bytes)
            } catch {
                stream?.reset(code: StreamErrorCode.protocolViolation)
            }
        }
        stream.onFinished = { [weak self, weak stream] in
            guard let self, let stream else { return }
            do throws(IdentifyDecoder.Failure) {
                self.received(try decoder.finish(), on: stream.connection, asPush: asPush)
                stream.finish()
            } catch {
                stream.reset(code: StreamErrorCode.protocolViolation)
            }
        }
    }

    /// Takes what the peer says of itself: a key that is not its own is left out, and of records only its own
    /// counts.
    private func received(_ message: IdentifyMessage, on connection: Connection, asPush: Bool) {
        guard connection.isUsable else { return }
        var message = message
        if let key = message.publicKey, PeerID(key) != connection.peer { message.publicKey = nil }
        if let record = message.record(of: connection.peer) {
            if record.sequence >= connection.peerRecord?.sequence ?? 0 { connection.peerRecord = record }
        } else {
            message.signedPeerRecord = nil
        }
        if asPush, var known = connection.identify {
            known.apply(message)
            message = known
        }
        connection.identify = message
        if let address = message.observedAddress {
            self.observed.insert(address.withoutPeer, from: connection.peer)
        }
        self.host.announceIdentified(connection, message)
    }

    // MARK: - Answering

    private func answer(_ stream: Stream) {
        guard stream.connection.services.identifyAnswers < Self.maxConcurrentAnswers else {
            return stream.reset(code: StreamErrorCode.rateLimited)
        }
        stream.connection.services.identifyAnswers += 1
        stream.onClosed = { [connection = stream.connection] _ in connection.services.identifyAnswers -= 1 }
        stream.onData = { _ in }
        stream.write(self.message(for: stream.connection).encoded)
        stream.finish()
    }

    private func message(for connection: Connection) -> IdentifyMessage {
        let addresses = self.host.advertisedAddresses
        return IdentifyMessage(
            publicKey: PublicKey(self.host.configuration.key.publicKey),
            listenAddresses: addresses,
            protocols: self.host.supportedProtocols,
            observedAddress: connection.remoteAddress,
            protocolVersion: self.host.configuration.protocolVersion,
            agentVersion: self.host.configuration.agentVersion,
            signedPeerRecord: self.record(addresses))
    }

    /// Our signed addresses; signed anew, with a greater number, when they changed.
    private func record(_ addresses: [Multiaddr]) -> [UInt8] {
        if let record = self.sealedRecord, self.said.addresses == addresses { return record }
        self.said.addresses = addresses
        self.sequence += 1
        let record = PeerRecord(peer: self.host.peerID, sequence: self.sequence, addresses: addresses)
            .sealed(by: self.host.configuration.key)
        self.sealedRecord = record
        return record
    }

    /// Takes up a record of ours that was sealed before.
    func resume(_ envelope: [UInt8]) {
        guard let record = PeerRecord(envelope: envelope), record.peer == self.host.peerID else { return }
        self.sequence = max(self.sequence, record.sequence)
        guard record.addresses == self.host.advertisedAddresses else { return }
        self.said.addresses = record.addresses
        self.sealedRecord = envelope
    }

    /// Our signed peer record, as others pass it on.
    var ownRecord: [UInt8] { self.record(self.host.advertisedAddresses) }

    // MARK: - Push

    /// Tells every peer at the end of the loop's turn, if something changed by then.
    func localChanged() {
        guard !self.pushScheduled, !self.host.connections.isEmpty else { return }
        self.pushScheduled = true
        self.host.eventLoop.assumeIsolated().execute { [weak self] in
            self?.pushScheduled = false
            self?.push()
        }
    }

    private func push() {
        for connection in self.host.connections where connection.isUsable {
            if let known = connection.identify, !known.protocols.contains(IdentifyMessage.pushProtocolID) {
                continue
            }
            guard let stream = connection.openStream(IdentifyMessage.pushProtocolID) else { continue }
            let timer = self.host.eventLoop.assumeIsolated().scheduleTask(
                in: TimeAmount(self.host.configuration.deadlines.identify)
            ) { stream.reset() }
            stream.onClosed = { _ in timer.cancel() }
            stream.onData = { _ in }
            stream.write(self.message(for: connection).encoded)
            stream.finish()
        }
    }

    private func receivePush(_ stream: Stream) {
        guard stream.connection.services.allowsPush(at: self.host.now, burst: Self.pushBurst) else {
            return stream.reset(code: StreamErrorCode.rateLimited)
        }
        self.read(stream, asPush: true)
    }

    func forget(_ connection: Connection, last: Bool) {
        if last { self.observed.remove(observer: connection.peer) }
    }

    /// Nanoseconds since 1970: later runs of a host sign greater numbers than earlier ones.
    private static var wallClockNanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000_000_000 + UInt64(max(0, time.tv_nsec))
    }
}
