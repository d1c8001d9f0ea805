import DescordCore
import Glibc
import LibP2PCore

/// What negentropy takes to compare two sets in memory: no network, no database.
enum ReconciliationRates {
    /// Seconds between two items.
    private static let spacing: UInt64 = 7
    /// As in a session.
    private static let frameSize = 65_528

    /// Two sets of `count` common items in their order, each with `differences` recent ones of its own: the
    /// storage of one end, its first message, and the whole comparison of both ends.
    static func measure(count: Int, differences: Int) throws -> [(String, Double)] {
        var prng = PRNG(seed: 1)
        let common = (0..<count).map { Self.item(at: $0, using: &prng) }
        let mine = common + (0..<differences).map { Self.item(at: count + $0, using: &prng) }
        let theirs = common + (0..<differences).map { Self.item(at: count + $0, using: &prng) }

        let (storage, building) = try Self.timed { try NegentropyStorage(mine) }
        let responder = Negentropy(try NegentropyStorage(theirs), maxFrameSize: Self.frameSize)
        var initiator = NegentropyInitiator(storage, maxFrameSize: Self.frameSize)
        let (first, opening) = try Self.timed { initiator.opening() }
        var (roundTrips, bytes) = (0, 0)
        let (_, rest) = try Self.timed {
            var message: [UInt8]? = first
            while let question = message {
                let answer = try responder.answer(to: question)
                roundTrips += 1
                bytes += question.count + answer.count
                message = try initiator.received(answer)
            }
        }
        let found = initiator.have.count + initiator.need.count
        guard found == 2 * differences else { throw Failure.lost(arrived: found, of: 2 * differences) }
        return [
            ("build_ms", building * 1_000), ("opening_ms", opening * 1_000),
            ("whole_ms", (opening + rest) * 1_000), ("round_trips", Double(roundTrips)),
            ("bytes", Double(bytes)),
        ]
    }

    private static func item(at place: Int, using prng: inout PRNG) -> NegentropyItem {
        let words = (prng.next(), prng.next(), prng.next(), prng.next())
        guard let id = withUnsafeBytes(of: words, { OperationID(bytes: $0) }),
            let item = NegentropyItem(timestamp: 1_700_000_000 + UInt64(place) * Self.spacing, id: id)
        else { preconditionFailure("32 bytes, and a time long before infinity") }
        return item
    }

    /// Processor seconds of this thread: whoever else is busy on the machine does not count.
    private static func timed<Value>(_ body: () throws -> Value) throws -> (Value, Double) {
        let start = Self.processorSeconds
        let value = try body()
        return (value, Self.processorSeconds - start)
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
