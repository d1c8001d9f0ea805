import DescordCore
import DescordStore
import LibP2PCore

// MARK: - Threads, profiles, and what is done to messages

extension Records {
    /// The message that the beginning of an id names, in any of our spaces.
    package func message(_ reference: String) throws(CommandError) -> MessageRow {
        let found = try explained { () throws(StoreError) in
            try self.store.message(try self.store.resolveOperation(reference, kind: .messagePost))
        }
        guard let found else {
            throw CommandError(.badInput, .unknownReference, "there is no message \"\(reference)\"")
        }
        return Self.row(found)
    }

    /// The thread, or the message with or for a thread, that the beginning of an id names, with its place.
    package func thread(
        _ reference: String
    ) throws(CommandError) -> (id: OperationID, space: SpaceID, channel: ChannelID) {
        let found = try explained { () throws(StoreError) in
            try self.store.operation(try self.store.resolveOperation(reference))
        }
        guard let found, let channel = found.header.channel,
            found.kind == .messagePost || found.kind == .threadCreate
        else {
            throw CommandError(
                .badInput, .unknownReference, "there is no thread and no message \"\(reference)\"",
                hint: "descord thread list")
        }
        return (found.id, found.space, channel)
    }

    /// The threads of a space, or of one of its channels, those with the newest messages first.
    package func threads(of space: SpaceID, channel: ChannelID?) throws(CommandError) -> [ThreadSummary] {
        try explained { () throws(StoreError) in try self.store.threads(of: space, channel: channel) }
    }

    /// What somebody says of itself; the name only when it may be shown.
    package func profile(
        of peer: PeerID, in space: SpaceID
    ) throws(CommandError) -> (name: String?, about: String?) {
        guard let key = peer.ed25519 else { return (nil, nil) }
        let profile = try explained { () throws(StoreError) in
            try self.store.profiles(of: [key], in: space)
        }[key]
        return (profile.flatMap { Self.shown(member: $0.name) }, profile?.about)
    }
}
