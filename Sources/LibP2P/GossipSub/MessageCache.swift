/// The messages of the last heartbeats, for IHAVE and IWANT (gossipsub v1.0 "Message cache"; go's `mcache`).
struct MessageCache: Sendable {
    private struct Entry: Sendable {
        let message: Message
        let topic: Int
        let size: Int
        /// How often each peer was sent it because it asked.
        var served: [Int: Int] = [:]
    }

    private let historyLength: Int
    private let historyGossip: Int
    private let bytesMax: Int
    private var entries: [MessageID: Entry] = [:]
    /// Newest window first; within one, in order of arrival.
    private var windows: [[(id: MessageID, topic: Int)]]
    private(set) var bytes = 0

    init(historyLength: Int, historyGossip: Int, bytesMax: Int) {
        self.historyLength = historyLength
        self.historyGossip = historyGossip
        self.bytesMax = bytesMax
        self.windows = Array(repeating: [], count: historyLength)
    }

    /// Adds a message to the newest window.
    mutating func put(_ message: Message, _ id: MessageID, topic: Int) {
        guard self.entries[id] == nil else { return }
        let size = message.encodedSize
        self.entries[id] = Entry(message: message, topic: topic, size: size)
        self.windows[0].append((id, topic))
        self.bytes += size
        var oldest = self.windows.count - 1
        while self.bytes > self.bytesMax, oldest >= 0 {
            if self.windows[oldest].isEmpty {
                oldest -= 1
            } else {
                self.drop(self.windows[oldest].removeFirst().id)
            }
        }
    }

    /// Returns a message and its topic.
    func message(_ id: MessageID) -> (message: Message, topic: Int)? {
        self.entries[id].map { ($0.message, $0.topic) }
    }

    /// Counts a request of a peer and returns how often it has now asked.
    mutating func countRequest(_ id: MessageID, by peer: Int) -> Int {
        self.entries[id]?.served[peer, default: 0] += 1
        return self.entries[id]?.served[peer] ?? 0
    }

    /// Whether a peer has asked for a message.
    func isRequested(_ id: MessageID, by peer: Int) -> Bool {
        self.entries[id]?.served[peer] != nil
    }

    /// Returns the ids of a topic that are gossiped.
    func gossipIDs(topic: Int) -> [MessageID] {
        self.ids(topic: topic, windows: self.historyGossip)
    }

    private func ids(topic: Int, windows count: Int) -> [MessageID] {
        var ids: [MessageID] = []
        for window in self.windows.prefix(count) {
            for entry in window where entry.topic == topic { ids.append(entry.id) }
        }
        return ids
    }

    /// Begins a new window and forgets the oldest.
    mutating func shift() {
        guard let oldest = self.windows.popLast() else { return }
        for entry in oldest { self.drop(entry.id) }
        self.windows.insert([], at: 0)
    }

    private mutating func drop(_ id: MessageID) {
        guard let entry = self.entries.removeValue(forKey: id) else { return }
        self.bytes -= entry.size
    }
}
