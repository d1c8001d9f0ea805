import LibP2PCore

/// What a node noticed that its owner should know, and that stops nothing.
public enum NodeWarning: Sendable, Equatable {
    /// Another process proved our own peer id: a second home holds the same key. Its address; of one that
    /// dialled us, with a passing port. Told once a run.
    case sameKeyElsewhere(Multiaddr)
}
