/// The two ends of Negentropy V1, which finds the differences of two sets in few, short messages:
/// `docs/protocol.md` has the format.
///
/// Both walk through a message range by range and answer with ranges of their own. What is equal is skipped;
/// a range whose fingerprints differ is cut into sixteen, and one of fewer than 32 items is listed.
public struct Negentropy: Sendable {
    /// The version that is spoken, and the highest: the first byte of every message.
    public static let version: UInt8 = 0x61
    /// First bytes that name a version.
    private static let versions: ClosedRange<UInt8> = 0x60...0x6f
    /// The least bytes to which messages can be limited.
    public static let minFrameSize = 4_096
    /// Parts into which a range is cut.
    private static let bucketCount = 16
    /// What is left of a frame when no further range begins: a skip, a bound, and the fingerprint of the
    /// rest.
    private static let reserve = 200

    let storage: NegentropyStorage
    private let maxFrameSize: Int?

    /// An end that holds `storage`, and writes messages of at most `maxFrameSize` bytes, if any limit.
    public init(_ storage: NegentropyStorage, maxFrameSize: Int? = nil) {
        precondition(maxFrameSize ?? .max >= Self.minFrameSize, "a frame has room for sixteen ranges")
        self.storage = storage
        self.maxFrameSize = maxFrameSize
    }

    /// Makes the initiator's first message.
    func opening() -> [UInt8] {
        var writer = NegentropyWriter()
        self.split(0..<self.storage.items.count, to: .infinity, into: &writer)
        return writer.bytes
    }

    /// Answers a message of an initiator; keeps nothing.
    ///
    /// The answer to an unknown version is the one byte of the version that we speak.
    public func answer(to message: [UInt8]) throws(NegentropyFailure) -> [UInt8] {
        var reader = NegentropyReader(message)
        guard try Self.version(&reader) == Self.version else { return [Self.version] }
        return try self.pass(&reader) { _, _ in nil }
    }

    /// Answers a message of a responder; `compare` is handed the places of our items in a range that it
    /// listed, and its list. Nothing but the version in the answer means that all was compared.
    func answer(
        to message: [UInt8], compare: (Range<Int>, [OperationID]) -> Void
    ) throws(NegentropyFailure) -> [UInt8] {
        var reader = NegentropyReader(message)
        let version = try Self.version(&reader)
        guard version == Self.version else { throw .unsupportedVersion(version & 0x0f) }
        return try self.pass(&reader) { range, ids in compare(range, ids) }
    }

    private static func version(_ reader: inout NegentropyReader) throws(NegentropyFailure) -> UInt8 {
        guard !reader.isAtEnd else { throw .notNegentropy }
        let version = try reader.byte()
        guard self.versions.contains(version) else { throw .notNegentropy }
        return version
    }

    /// Walks through a message and writes the answer. `compare` returns nil at a responder, which lists what
    /// it has itself.
    private func pass(
        _ reader: inout NegentropyReader, compare: (Range<Int>, [OperationID]) -> Void?
    ) throws(NegentropyFailure) -> [UInt8] {
        let end = self.storage.items.count
        var writer = NegentropyWriter()
        var lower = 0
        var lowerBound = NegentropyBound.zero
        var skips = false
        while !reader.isAtEnd {
            let bound = try reader.bound()
            let mode = try reader.mode()
            var upper = self.storage.firstIndex(notBelow: bound, from: lower)
            let size = writer.bytes.count
            var rest: Int?
            switch mode {
            case .skip: skips = true
            case .fingerprint:
                let theirs = try reader.bytes(SetFingerprint.size)
                if theirs.elementsEqual(self.storage.fingerprint(lower..<upper)) {
                    skips = true
                    break
                }
                if skips { writer.skip(to: lowerBound) }
                skips = false
                self.split(lower..<upper, to: bound, into: &writer)
                guard self.isFull(writer) else { break }
                writer.truncate(to: size)
                // The rest begins where the last range that was written ends, yet only what follows this one
                // is summed up: the other side finds a difference and cuts it anew. Unless it has nothing
                // there, as its fingerprint then says: it could take the rest for equal, so all of it is
                // summed up.
                rest = theirs.elementsEqual(SetFingerprint().value) ? lower : upper
            case .ids:
                let theirs = try reader.ids()
                if compare(lower..<upper, theirs) != nil {
                    skips = true
                    break
                }
                if skips { writer.skip(to: lowerBound) }
                skips = false
                upper = self.list(lower..<upper, to: bound, after: size, into: &writer)
                if self.isFull(writer) { rest = upper }
            }
            if let rest {
                writer.fingerprint(self.storage.fingerprint(rest..<end), to: .infinity)
                break
            }
            lower = upper
            lowerBound = bound
        }
        return writer.bytes
    }

    /// Describes a range by fingerprints of its parts, or by its ids when they are few.
    private func split(_ range: Range<Int>, to bound: NegentropyBound, into writer: inout NegentropyWriter) {
        guard range.count >= Self.bucketCount * 2 else {
            return writer.ids(self.storage.items[range], to: bound)
        }
        let (size, extra) = range.count.quotientAndRemainder(dividingBy: Self.bucketCount)
        var lower = range.lowerBound
        for bucket in 0..<Self.bucketCount {
            let upper = lower + size + (bucket < extra ? 1 : 0)
            let end =
                upper == range.upperBound
                ? bound
                : NegentropyBound(
                    between: self.storage.items[upper - 1], and: self.storage.items[upper])
            writer.fingerprint(self.storage.fingerprint(lower..<upper), to: end)
            lower = upper
        }
    }

    /// Lists a range as far as the frame has room after the `size` bytes of the ranges before it, and returns
    /// where the list ends.
    private func list(
        _ range: Range<Int>, to bound: NegentropyBound, after size: Int, into writer: inout NegentropyWriter
    ) -> Int {
        guard let maxFrameSize else {
            writer.ids(self.storage.items[range], to: bound)
            return range.upperBound
        }
        // The list goes on while what was written is not beyond the limit, so one id more than fits.
        let count = (maxFrameSize - Self.reserve - size) / OperationID.size + 1
        guard count < range.count else {
            writer.ids(self.storage.items[range], to: bound)
            return range.upperBound
        }
        let end = range.lowerBound + count
        writer.ids(
            self.storage.items[range.lowerBound..<end], to: NegentropyBound(self.storage.items[end]))
        return end
    }

    private func isFull(_ writer: NegentropyWriter) -> Bool {
        guard let maxFrameSize else { return false }
        return writer.bytes.count > maxFrameSize - Self.reserve
    }
}
