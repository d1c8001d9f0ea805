import DescordCore
import LibP2P
import LibP2PCore

/// The public spaces that others announced, and when we announced our own.
///
/// Confined to the node's loop. Nothing here is followed automatically: it is what `space list --discover`
/// shows.
struct Announcements {
    /// The most spaces that are remembered; the oldest makes room.
    static let maxCount = 256
    /// How long an announcement is believed.
    static let timeToLive = Duration.seconds(3_600)
    /// How long a space of ours is not announced again.
    static let interval = Duration.seconds(5)

    /// An announced space.
    struct Entry {
        var id: SpaceID
        var name: String
        var heard: WallTime
    }

    private(set) var entries: [Entry] = []
    private var announced: [SpaceID: WallTime] = [:]

    /// Takes an announcement: the genesis operation of a public space.
    mutating func received(_ bytes: [UInt8], at now: WallTime) -> ValidationResult {
        guard let genesis = try? Operation(verifying: bytes), genesis.isGenesis,  // wrong in every state
            let body = genesis.header.body, let create = SpaceCreate(decoding: body)
        else { return .reject }
        guard create.isPublic else { return .reject }
        self.entries.removeAll { $0.id == genesis.id || $0.heard + Self.timeToLive < now }
        if self.entries.count == Self.maxCount { self.entries.removeFirst() }
        self.entries.append(Entry(id: genesis.id, name: create.name.description, heard: now))
        return .accept
    }

    /// Returns whether a space of ours may be announced now, and remembers that it was.
    mutating func mayAnnounce(_ space: SpaceID, at now: WallTime) -> Bool {
        if let last = self.announced[space], now < last + Self.interval { return false }
        self.announced[space] = now
        return true
    }
}
