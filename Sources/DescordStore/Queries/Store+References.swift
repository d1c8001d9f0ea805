import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

extension Store {
    /// The shortest prefix of an id that is looked at.
    public static let minPrefixSize = 4

    /// Finds one of our spaces by its exact name or a unique prefix of its id.
    public func resolveSpace(_ text: String) throws(StoreError) -> SpaceSummary {
        let spaces = try self.spaces()
        let index = try Self.resolve(text, among: spaces.map { ($0.id.hex, $0.name) })
        return spaces[index]
    }

    /// Finds a channel of a space by its exact name or a unique prefix of its id.
    public func resolveChannel(_ text: String, in space: SpaceID) throws(StoreError) -> ChannelSummary {
        let channels = try self.channels(of: space)
        let index = try Self.resolve(text, among: channels.map { ($0.id.hex, $0.name) })
        return channels[index]
    }

    /// Finds `CHANNEL` in a space, or `SPACE/CHANNEL`: names have no `/`.
    public func resolveChannel(path: String, current space: SpaceID?) throws(StoreError) -> ChannelSummary {
        guard let slash = path.firstIndex(of: "/") else {
            guard let space else { throw .unknownReference(path) }
            return try self.resolveChannel(path, in: space)
        }
        let found = try self.resolveSpace(String(path[..<slash]))
        return try self.resolveChannel(String(path[path.index(after: slash)...]), in: found.id)
    }

    /// Finds a member of a space by a unique prefix of its peer id or of its key in hexadecimal digits;
    /// whoever wrote something stored there counts, also after leaving.
    public func resolveAuthor(_ text: String, in space: SpaceID?) throws(StoreError) -> Ed25519.PublicKey {
        let keys: [Ed25519.PublicKey] = try self.read { db in
            try db.rows(
                """
                SELECT DISTINCT o.author FROM operations o JOIN spaces s ON s.n = o.space
                WHERE s.state = 1 AND (?1 IS NULL OR s.id = ?1) ORDER BY o.author
                """, [space?.data]
            ).compactMap { $0.key("author") }
        }
        do {
            return keys[
                try Self.resolve(text, among: keys.map { (PeerID($0).description, nil) }, isHex: false)]
        } catch {
            guard case .unknownReference = error else { throw error }
            return keys[try Self.resolve(text, among: keys.map { (Multibase.hex($0.bytes), nil) })]
        }
    }

    /// Finds a stored operation of our spaces (a message, an invite, an outbox entry) by a unique prefix of
    /// its id.
    public func resolveOperation(
        _ text: String, kind: OperationKind? = nil, in space: SpaceID? = nil
    ) throws(StoreError) -> OperationID {
        let digits = text.lowercased()
        guard digits.utf8.count >= Self.minPrefixSize, digits.utf8.count <= OperationID.size * 2,
            let low = OperationID(hex: digits.padding(toLength: 64, withPad: "0", startingAt: 0)),
            let high = OperationID(hex: digits.padding(toLength: 64, withPad: "f", startingAt: 0))
        else { throw .unknownReference(text) }
        let found: [OperationID] = try self.read { db in
            try db.ids(
                """
                SELECT o.id FROM operations o JOIN spaces s ON s.n = o.space
                WHERE o.id BETWEEN ?1 AND ?2 AND s.state = 1 AND (?3 IS NULL OR o.kind = ?3)
                    AND (?4 IS NULL OR s.id = ?4)
                ORDER BY o.id LIMIT 20
                """, [low.data, high.data, kind?.rawValue, space?.data])
        }
        guard let first = found.first else { throw .unknownReference(text) }
        guard found.count == 1 else {
            throw .ambiguousReference(
                text, candidates: found.map { ReferenceCandidate(id: $0.hex, name: nil) })
        }
        return first
    }

    /// Returns the place of the one that `text` means: an exact name beats a prefix of an id.
    private static func resolve(
        _ text: String, among candidates: [(id: String, name: String?)], isHex: Bool = true
    ) throws(StoreError) -> Int {
        func only(_ places: [Int]) throws(StoreError) -> Int? {
            guard places.count > 1 else { return places.first }
            throw .ambiguousReference(
                text,
                candidates: places.map {
                    ReferenceCandidate(id: candidates[$0].id, name: candidates[$0].name)
                })
        }
        // Swift compares names by canonical equivalence, as they are meant.
        if let place = try only(candidates.indices.filter { candidates[$0].name == text }) { return place }
        let prefix = isHex ? text.lowercased() : text
        if prefix.utf8.count >= self.minPrefixSize,
            let place = try only(candidates.indices.filter { candidates[$0].id.hasPrefix(prefix) })
        {
            return place
        }
        throw .unknownReference(text)
    }
}
