import Glibc
import LibP2PCore
import NIOCore
import NIOPosix

extension Host {
    /// Dials the addresses of one peer in parallel; the first connection that authenticates wins, and the
    /// others are closed.
    ///
    /// - Parameters:
    ///   - addresses: the first `HostLimits.parallelDials` are tried; IP or DNS names with a TCP port.
    ///   - expecting: the peer that must answer; nil takes it from each address's `/p2p`, and without one
    ///     accepts any peer but ourselves.
    ///   - deadline: for the whole dial, handshake included.
    /// - Returns: the connection, after observers were told of it, or a `DialError`. It always dials, even
    ///   when the peer is connected.
    public func dial(
        _ addresses: [Multiaddr], expecting: PeerID?, deadline: Duration,
    ) -> EventLoopFuture<Connection> {
        let dial = Dial(
            host: self, addresses: Array(addresses.prefix(max(1, self.configuration.limits.parallelDials))),
            expecting: expecting)
        self.dials[ObjectIdentifier(dial)] = dial
        return dial.start(deadline: deadline)
    }
}

extension Host {
    /// Dials those of a peer's addresses that the policy allows, in parallel; see
    /// `dial(_:expecting:deadline:)`. Fails with `forbiddenByPolicy` for each address when none is allowed.
    public func dial(
        _ candidates: [DialCandidate], expecting: PeerID?, deadline: Duration,
    ) -> EventLoopFuture<Connection> {
        let admitted = self.dialPolicy.admit(candidates)
        guard !admitted.isEmpty else {
            let attempts = candidates.map {
                DialError.Attempt(address: $0.address, failure: .forbiddenByPolicy)
            }
            return self.eventLoop.assumeIsolated().makeFailedFuture(DialError(attempts: attempts))
        }
        return self.dial(admitted, expecting: expecting, deadline: deadline)
    }
}

/// One race of a peer's addresses. Confined to the host's loop.
final class Dial {
    private enum State {
        case pending
        case connecting
        case failed(DialFailure)
    }

    private let host: Host
    private let addresses: [Multiaddr]
    private let expecting: PeerID?
    private var states: [State]
    private var handlers: [ConnectionHandler?]
    private let promise: EventLoopPromise<Connection>
    private var isDone = false
    private var timer: Scheduled<Void>?

    init(host: Host, addresses: [Multiaddr], expecting: PeerID?) {
        self.host = host
        self.addresses = addresses
        self.expecting = expecting
        self.states = Array(repeating: .pending, count: addresses.count)
        self.handlers = Array(repeating: nil, count: addresses.count)
        self.promise = host.eventLoop.makePromise()
    }

    func start(deadline: Duration) -> EventLoopFuture<Connection> {
        let loop = self.host.eventLoop.assumeIsolated()
        self.timer = loop.scheduleTask(in: TimeAmount(deadline)) { self.fail(remaining: .timedOut) }
        for index in self.addresses.indices where !self.isDone {
            switch self.target(self.addresses[index]) {
            case .failure(let failure): self.states[index] = .failed(failure)
            case .success(let target): self.connect(index, to: target)
            }
        }
        self.finishIfAllFailed()
        return self.promise.futureResult
    }

    /// Gives up, for instance because the host closes.
    func cancel() {
        self.fail(remaining: .cancelled)
    }

    private func target(_ address: Multiaddr) -> Result<TCPTarget, DialFailure> {
        guard self.host.drain == nil, self.host.channels.count < self.host.configuration.limits.connections
        else {
            return .failure(.refusedByLimit)
        }
        let peer = address.peerID
        if let expecting, let peer, peer != expecting { return .failure(.addressOfAnotherPeer) }
        if (self.expecting ?? peer) == self.host.peerID { return .failure(.ownIdentity) }
        guard let target = address.tcpTarget else { return .failure(.unsupportedAddress) }
        return .success(target)
    }

    private func connect(_ index: Int, to target: TCPTarget) {
        let address = self.addresses[index]
        let handler = self.host.makeHandler(
            direction: .outbound, remoteAddress: address.withoutPeer,
            expecting: self.expecting ?? address.peerID)
        handler.onOutcome = { [weak self] outcome in self?.ended(index, outcome) }
        self.states[index] = .connecting
        self.handlers[index] = handler
        let bound = NIOLoopBound(handler, eventLoop: self.host.eventLoop)
        let bootstrap = ClientBootstrap(group: self.host.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: Host.writeWaterMarks)
            .channelOption(.recvAllocator, value: Host.receiveAllocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let future: EventLoopFuture<any Channel>
        switch target {
        case .address(let socketAddress): future = bootstrap.connect(to: socketAddress)
        case .name(let name, let port): future = bootstrap.connect(host: name, port: port)
        }
        future.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                if self.isDone, !handler.isHalfOpen, handler.connection == nil { channel.close(promise: nil) }
            case .failure(let error):
                handler.onOutcome = nil
                handler.connectFailed()
                self.ended(index, .failure(.unreachable(Self.words(error))))
            }
        }
    }

    /// The system's words for why there is no TCP connection.
    private static func words(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    private func ended(_ index: Int, _ outcome: Result<Connection, DialFailure>) {
        guard !self.isDone else { return }
        switch outcome {
        case .success(let connection):
            self.handlers[index] = nil
            self.close()
            self.promise.assumeIsolated().succeed(connection)
        case .failure(let failure):
            self.handlers[index] = nil
            self.states[index] = .failed(failure)
            self.finishIfAllFailed()
        }
    }

    private func finishIfAllFailed() {
        let allFailed = self.states.allSatisfy {
            if case .failed = $0 { true } else { false }
        }
        if allFailed { self.fail(remaining: .cancelled) }
    }

    private func fail(remaining: DialFailure) {
        guard !self.isDone else { return }
        let attempts = zip(self.addresses, self.states).map { address, state in
            if case .failed(let failure) = state {
                DialError.Attempt(address: address, failure: failure)
            } else {
                DialError.Attempt(address: address, failure: remaining)
            }
        }
        self.close()
        self.promise.fail(DialError(attempts: attempts))
    }

    /// Stops the race and closes what has not won.
    private func close() {
        self.isDone = true
        self.timer?.cancel()
        self.host.dials[ObjectIdentifier(self)] = nil
        for handler in self.handlers {
            handler?.onOutcome = nil
            handler?.abort()
        }
        self.handlers = []
    }
}
