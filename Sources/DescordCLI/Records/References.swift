import DescordCore
import LibP2PCore

/// Finds what a person means by a name or by the beginning of an id, among what this home holds.
package struct References {
    /// The fewest characters of an id that name something.
    package static let minPrefixLength = 4
    /// The most candidates that an error lists.
    private static let maxCandidates = 10

    private let records: Records
    private let environment: [String: String]

    package init(_ records: Records, environment: [String: String]) {
        self.records = records
        self.environment = environment
    }

    // MARK: - Spaces

    /// The space that a reference names, or the current one.
    package func space(_ reference: String?) throws(CommandError) -> SpaceRow {
        let spaces = try self.records.spaces()
        if let reference { return try self.space(reference, among: spaces) }
        if let name = self.environment["DESCORD_SPACE"], !name.isEmpty {
            return try self.space(name, among: spaces)
        }
        if let current = try self.records.currentSpace(), let row = spaces.first(where: { $0.id == current })
        {
            return row
        }
        guard let first = spaces.first else {
            throw CommandError(
                .badInput, .noSpace, "this home holds no space",
                hint: "descord space create NAME, or descord space join TICKET")
        }
        return first
    }

    private func space(_ reference: String, among spaces: [SpaceRow]) throws(CommandError) -> SpaceRow {
        try self.find(
            reference, among: spaces, kind: "space", list: "descord space list",
            name: { $0.name }, id: { $0.id.hex })
    }

    // MARK: - Channels

    /// The channel of `CHANNEL`, `SPACE/CHANNEL`, or the current one.
    package func channel(_ reference: String?) throws(CommandError) -> (space: SpaceRow, channel: ChannelRow)
    {
        guard let reference else {
            let space = try self.space(nil)
            return (space, try self.currentChannel(of: space))
        }
        // Names hold no slash, so that the last one parts the two.
        guard let slash = reference.lastIndex(of: "/") else {
            let space = try self.space(nil)
            return (space, try self.channel(reference, of: space))
        }
        let space = try self.space(String(reference[..<slash]))
        return (space, try self.channel(String(reference[reference.index(after: slash)...]), of: space))
    }

    /// The channel of a space that a reference names.
    package func channel(_ reference: String, of space: SpaceRow) throws(CommandError) -> ChannelRow {
        try self.find(
            reference, among: try self.records.channels(of: space.id), kind: "channel",
            list: "descord channel list", name: { $0.name }, id: { $0.id.hex })
    }

    private func currentChannel(of space: SpaceRow) throws(CommandError) -> ChannelRow {
        if let reference = self.environment["DESCORD_CHANNEL"], !reference.isEmpty {
            return try self.channel(reference, of: space)
        }
        let channels = try self.records.channels(of: space.id)
        if let current = try self.records.currentChannel(of: space.id),
            let row = channels.first(where: { $0.id == current })
        {
            return row
        }
        let open = channels.filter { !$0.isArchived }
        if open.count == 1 { return open[0] }
        guard !open.isEmpty || channels.isEmpty else {
            throw CommandError(
                .badInput, .noChannel, "every channel of the space \"\(space.shownName)\" is archived",
                hint: "descord channel archive --undo CHANNEL")
        }
        guard !open.isEmpty else {
            throw CommandError(
                .badInput, .noChannel, "the space \"\(space.shownName)\" has no channel",
                hint: "descord channel create general")
        }
        throw CommandError(
            .badInput, .ambiguousReference, "the space \"\(space.shownName)\" has \(open.count) channels",
            hint: "name one with -c CHANNEL, or choose one with descord channel use CHANNEL",
            details: self.candidates(open.map { (Short.id($0.id), $0.shownName) }))
    }

    /// The channel that a command without `-c` would take, when that is clear.
    package func currentChannelIfAny(
        of space: SpaceRow, among channels: [ChannelRow]
    ) throws(CommandError)
        -> ChannelID?
    {
        if let reference = self.environment["DESCORD_CHANNEL"], !reference.isEmpty {
            return channels.first { $0.name == reference || $0.id.hex.hasPrefix(reference) }?.id
        }
        if let current = try self.records.currentChannel(of: space.id) { return current }
        let open = channels.filter { !$0.isArchived }
        return open.count == 1 ? open[0].id : nil
    }

    /// What a command reads: one channel, or a whole space.
    package struct Scope {
        package var space: SpaceRow
        package var channel: ChannelRow?
    }

    /// The channel that `-c` names, or without it the current space.
    package func scope(_ channel: String?) throws(CommandError) -> Scope {
        guard let channel else { return Scope(space: try self.space(nil), channel: nil) }
        let (space, row) = try self.channel(channel)
        return Scope(space: space, channel: row)
    }

    // MARK: - Authors and operations

    /// The member whose name, peer id, or end or beginning of a peer id this is; `me` is this home.
    ///
    /// Members choose their names, so one never hides the id of another: what fits both is ambiguous. Where
    /// something is given or taken, names are no references.
    package func author(
        _ reference: String, of space: SpaceRow, own: PeerID, acceptsNames: Bool = true
    ) throws(CommandError) -> PeerID {
        if reference == "me" { return own }
        if let peer = PeerID(parsing: reference) { return peer }
        let members = try self.records.members(of: space.id)
        return try self.find(
            reference, among: members, kind: "member", list: "descord space members",
            name: { acceptsNames ? $0.name : nil },
            id: { $0.peer.description }, matchesEnd: true
        ).peer
    }

    /// The queued operation that a prefix names.
    package func queued(_ reference: String) throws(CommandError) -> OutboxRow {
        try self.find(
            reference, among: try self.records.outbox(), kind: "queued operation",
            list: "descord outbox list",
            name: { _ in nil }, id: { $0.op.hex })
    }

    // MARK: - The rule

    /// An exact name wins over a prefix; several that fit are listed.
    private func find<Row>(
        _ reference: String, among rows: [Row], kind: String, list: String, name: (Row) -> String?,
        id: (Row) -> String, matchesEnd: Bool = false
    ) throws(CommandError) -> Row {
        let composed = (try? SpaceName(parsing: reference).text) ?? reference  // what is no name can be an id
        var found = rows.filter { name($0) == composed }
        if found.isEmpty || matchesEnd, reference.count >= Self.minPrefixLength {
            let isHex = reference.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 >= 65 }
            let lowered = isHex ? reference.lowercased() : reference
            found = rows.filter { row in
                let text = id(row)
                if matchesEnd, name(row) == composed { return true }
                // A peer id is base58, where the case counts; all begin alike, so that their ends serve too.
                return matchesEnd
                    ? text.hasPrefix(reference) || text.hasSuffix(reference) : text.hasPrefix(lowered)
            }
        }
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            throw CommandError(
                .badInput, .ambiguousReference, "\"\(reference)\" fits \(found.count) \(kind)s",
                hint: "give more of the id",
                details: self.candidates(found.map { (id($0), name($0) ?? "") }))
        }
        let isShort = reference.count < Self.minPrefixLength
        throw CommandError(
            .badInput, .unknownReference, "there is no \(kind) \"\(reference)\"",
            hint: isShort ? "\(list) (an id needs \(Self.minPrefixLength) characters or more)" : list)
    }

    private func candidates(_ rows: [(id: String, name: String)]) -> [String] {
        let shown = rows.prefix(Self.maxCandidates).map { "\($0.id)  \($0.name)" }
        return rows.count > Self.maxCandidates
            ? shown + ["and \(rows.count - Self.maxCandidates) more"] : shown
    }
}
