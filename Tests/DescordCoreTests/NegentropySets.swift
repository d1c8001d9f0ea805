import LibP2PCore
import Testing

@testable import DescordCore

/// Two sets that differ, and what a reconciliation of them comes to.
struct NegentropySets {
    var client: [NegentropyItem] = []
    var server: [NegentropyItem] = []

    /// What a reconciliation found, and the sizes of its messages.
    struct Outcome {
        var have: [OperationID] = []
        var need: [OperationID] = []
        var up: [[UInt8]] = []
        var down: [[UInt8]] = []

        /// Bytes both ways.
        var size: Int { (self.up + self.down).map(\.count).reduce(0, +) }
    }

    init() {}

    /// `common` items that both have, seven seconds apart, and further ones of each side among the last of
    /// them or anywhere.
    init(common: Int, client: Int, server: Int, isRecent: Bool = true, using prng: inout PRNG) {
        let first = 1_700_000_000 as UInt64
        let times = (0..<common).map { first + UInt64($0) * 7 }
        let items = times.map { NegentropyItem(timestamp: $0, id: prng.identifier())! }  // below infinity
        func further(_ count: Int) -> [NegentropyItem] {
            (0..<count).map { index in
                let place = isRecent ? common + index : prng.below(max(1, common))
                return NegentropyItem(timestamp: first + UInt64(place) * 7 + 3, id: prng.identifier())!
            }
        }
        self.client = items + further(client)
        self.server = items + further(server)
    }

    /// What each side alone has.
    var differences: (have: Set<OperationID>, need: Set<OperationID>) {
        let (client, server) = (Set(self.client.map(\.id)), Set(self.server.map(\.id)))
        return (client.subtracting(server), server.subtracting(client))
    }

    /// Reconciles them to the end, or until `rounds` messages were answered.
    func reconcile(
        clientFrame: Int? = nil, serverFrame: Int? = nil, rounds: Int = 300
    ) throws -> Outcome {
        var initiator = NegentropyInitiator(try NegentropyStorage(self.client), maxFrameSize: clientFrame)
        let responder = Negentropy(try NegentropyStorage(self.server), maxFrameSize: serverFrame)
        var outcome = Outcome()
        var message: [UInt8]? = initiator.opening()
        while let question = message, outcome.up.count < rounds {
            let answer = try responder.answer(to: question)
            outcome.up.append(question)
            outcome.down.append(answer)
            message = try initiator.received(answer)
        }
        #expect(message == nil, "it ends within \(rounds) rounds")
        outcome.have = initiator.have
        outcome.need = initiator.need
        return outcome
    }
}

extension PRNG {
    /// An id that looks like a hash.
    mutating func identifier() -> OperationID {
        let words = (self.next(), self.next(), self.next(), self.next())
        return withUnsafeBytes(of: words) { OperationID(bytes: $0)! }  // 32 bytes
    }
}
