/// The end that begins, and alone learns what differs.
///
/// `opening` is the first message; each answer is handed to `received`, until that returns nil. What was
/// found so far is true whether it comes to that or not.
public struct NegentropyInitiator: Sendable {
    private let negentropy: Negentropy
    /// For each of our items whether it was found that the responder lacks it; empty until one was.
    private var isLacking: [Bool] = []
    private var needed: Set<OperationID> = []

    /// Ids that we have and the responder has not, in the order in which they were found; each once.
    public private(set) var have: [OperationID] = []
    /// Ids that the responder has and we have not, likewise.
    public private(set) var need: [OperationID] = []

    public init(_ storage: NegentropyStorage, maxFrameSize: Int? = nil) {
        self.negentropy = Negentropy(storage, maxFrameSize: maxFrameSize)
    }

    /// The first message.
    public func opening() -> [UInt8] { self.negentropy.opening() }

    /// Takes an answer, and returns the next message; nil when all was compared.
    public mutating func received(_ message: [UInt8]) throws(NegentropyFailure) -> [UInt8]? {
        let negentropy = self.negentropy
        let next = try negentropy.answer(to: message) { range, ids in self.compare(range, with: ids) }
        return next.count > 1 ? next : nil
    }

    /// A range may come again, when a frame was full: what is known already is not said twice.
    private mutating func compare(_ range: Range<Int>, with theirs: [OperationID]) {
        var unmatched = Set(theirs)
        for index in range where unmatched.remove(self.negentropy.storage.items[index].id) == nil {
            if self.isLacking.isEmpty {
                self.isLacking = Array(repeating: false, count: self.negentropy.storage.items.count)
            }
            guard !self.isLacking[index] else { continue }
            self.isLacking[index] = true
            self.have.append(self.negentropy.storage.items[index].id)
        }
        for id in theirs where unmatched.contains(id) && self.needed.insert(id).inserted {
            self.need.append(id)
        }
    }
}
