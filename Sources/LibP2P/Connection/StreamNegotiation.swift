import LibP2PCore

/// A stream that has not agreed on its protocol.
struct StreamNegotiation {
    enum Side {
        case dialer(MultistreamDialer)
        case listener(MultistreamListener)
    }

    var side: Side
    /// Whether what is written leaves at once, behind the only proposal.
    let isOptimistic: Bool
    /// What was written before there was an agreement to write it under.
    var heldWrites: [[UInt8]] = []
    var isFinishHeld = false
}
