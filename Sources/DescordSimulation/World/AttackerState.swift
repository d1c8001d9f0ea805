import LibP2P

/// What one attacker remembers. It is no router: it says what it likes.
struct AttackerState {
    /// The most messages that it keeps, to forward and to replay.
    static let stockMax = 256

    /// Which of the scenario's attacks it takes part in.
    let attack: Int
    /// The links of honest nodes in whose meshes it believes to be.
    var mesh: Set<Int> = []
    /// Until when a PRUNE told it to stay away, by link.
    var prunedUntil: [Int: Int64] = [:]
    /// The messages that it has seen, by number, and the last of them whole.
    var seen: Set<Int> = []
    var stock: [Message] = []
    /// How many ids and messages it made up.
    var invented = 0

    init(attack: Int) {
        self.attack = attack
    }

    mutating func keep(_ message: Message) {
        if stock.count == Self.stockMax { stock.removeFirst() }
        stock.append(message)
    }
}
