import LibP2P
import LibP2PCore
import LibP2PHost

/// Signed messages from one process to another over gossipsub: each is signed by its publisher, and verified
/// by its subscriber before it counts. Nothing is stored.
enum MessageFlood {
    /// One letter, as in the figures that the wire bytes are held against.
    static let topic = Topic("t")
    private static let protocolID = "/bench/count/1.0.0"
    /// Messages that are published between two looks at the queue: below what a peer's queue holds, so that
    /// none is dropped.
    private static let batch = 256

    /// Subscribes, counts the messages that were verified and delivered, and answers whoever waits for a
    /// count once it is reached.
    @NetworkLoop static func serve(_ host: Host, _ gossip: GossipSub) {
        var count: UInt64 = 0
        var waiting: (target: UInt64, stream: Stream)?
        func answer() {
            guard let (target, stream) = waiting, count >= target else { return }
            waiting = nil
            stream.write(Counter.bytes(count))
            stream.finish()
        }
        gossip.onMessage = { _ in
            count += 1
            answer()
        }
        host.setHandler(Self.protocolID) { stream in
            var asked: [UInt8] = []
            stream.onData = { [unowned stream] bytes in
                asked += bytes
                guard asked.count == Counter.size else { return }
                count = 0
                waiting = (Counter.value(asked), stream)
                // Says that counting has begun.
                stream.write(Counter.bytes(0))
                answer()
            }
        }
        gossip.subscribe(Self.topic)
    }

    /// Publishes `count` messages of `size` bytes; returns the seconds from the first signature until the
    /// subscriber had verified all.
    @NetworkLoop static func run(
        _ count: Int, size: Int, with gossip: GossipSub, over connection: Connection
    ) async throws -> Double {
        try await self.waitForSubscriber(gossip)
        guard let stream = connection.openStream(Self.protocolID) else { throw Failure.noStream }
        let answers = CounterReader(stream)
        stream.write(Counter.bytes(UInt64(count)))
        _ = try await answers.next()
        let data = [UInt8](repeating: 7, count: size)
        let start = ContinuousClock.now
        var sent = 0
        // A few are sent one by one, each in a frame of its own: then bytes are counted, not seconds.
        let batch = count > Self.batch ? Self.batch : 1
        while sent < count {
            for _ in 0..<min(batch, count - sent) {
                sent += 1
                let result = gossip.publish(data, to: Self.topic, seqno: UInt64(sent))
                guard try !result.get().peers.isEmpty else { throw Failure.notASubscriber }
            }
            try await value(gossip.flush())
        }
        let arrived = try await answers.next()
        let elapsed = ContinuousClock.now - start
        guard arrived == count else { throw Failure.lost(arrived: arrived, of: count) }
        guard gossip.droppedRPCCount == 0 else {
            throw Failure.lost(arrived: count - gossip.droppedRPCCount, of: count)
        }
        return elapsed.seconds
    }

    /// Waits until the other side's first RPC says that it subscribes.
    @NetworkLoop static func waitForSubscriber(_ gossip: GossipSub) async throws {
        let changes = EventQueue<Bool>()
        gossip.onSubscriberChanged = { _, topic, isSubscribed in
            if topic == Self.topic, isSubscribed { changes.send(true) }
        }
        // We have to do with a topic, and hear of its subscribers, once we are subscribed.
        gossip.subscribe(Self.topic)
        if gossip.subscribers(Self.topic).isEmpty { _ = await changes.next() }
    }
}
