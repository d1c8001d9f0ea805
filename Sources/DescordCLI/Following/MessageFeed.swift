import DescordCore
import DescordStore
import LibP2PCore

/// Reads what arrived since the last look, in the order of arrival.
///
/// With a cursor the place is kept in the database, and moves behind a message only once it was delivered.
package struct MessageFeed {
    /// Messages that are read at once.
    private static let batchSize = 500

    private let records: Records
    private let scope: References.Scope
    private var place: CursorPlace
    private let leavingOut: PeerID?
    private var remaining: Int?
    private let cursor: CursorKey?

    /// Follows without a cursor, from `position` on, with what was written since `since` alone.
    package init(
        records: Records, scope: References.Scope, after position: Int64, since: WallTime? = nil,
        leavingOut: PeerID? = nil, limit: Int? = nil
    ) {
        self.records = records
        self.scope = scope
        self.place = CursorPlace(position: position, since: since, sinceUntil: .max)
        self.leavingOut = leavingOut
        self.remaining = limit
        self.cursor = nil
    }

    /// Follows with a cursor, from where it is.
    package init(
        records: Records, scope: References.Scope, cursor: CursorKey, at place: CursorPlace,
        leavingOut: PeerID? = nil, limit: Int? = nil
    ) {
        self.records = records
        self.scope = scope
        self.place = place
        self.leavingOut = leavingOut
        self.remaining = limit
        self.cursor = cursor
    }

    /// What is done with a message.
    package enum Delivery: Sendable {
        /// The place moves behind it.
        case delivered
        /// The place was moved behind it in the same transaction that parked it.
        case parked
    }

    /// Whether the limit was not reached yet.
    package var wantsMore: Bool { self.remaining != 0 }

    /// Delivers everything new, one message after another; `upTo` is the newest arrival that there is known
    /// to be.
    package mutating func drain(
        upTo: Int64? = nil, _ deliver: (MessageRow) async throws -> Delivery
    ) async throws {
        while true {
            let rows = try self.records.messages(
                MessageQuery(
                    space: self.scope.space.id, channel: self.scope.channel?.id,
                    limit: Self.batchSize, order: .arrival(after: self.place.position)))
            for row in rows {
                guard self.wantsMore else { return }
                try Task.checkCancellation()
                try await self.take(row, deliver)
            }
            guard rows.count == Self.batchSize else { break }
        }
        // Past what is not for us, so that it is not looked at again; but never past what a failed join may
        // yet take out of the order.
        guard let upTo, upTo > self.place.position else { return }
        self.place.position = max(
            self.place.position, try self.records.newestArrival(in: self.scope.space.id, upTo: upTo))
    }

    private mutating func take(
        _ row: MessageRow, _ deliver: (MessageRow) async throws -> Delivery
    ) async throws {
        var delivery = Delivery.delivered
        let isTooOld = row.arrival <= self.place.sinceUntil && self.place.since.map { row.time < $0 } ?? false
        if row.actor != self.leavingOut, !isTooOld {
            delivery = try await deliver(row)
            self.remaining = self.remaining.map { $0 - 1 }
        }
        self.place.position = max(self.place.position, row.arrival)
        if let cursor, delivery == .delivered {
            try self.records.moveCursor(cursor, to: row.arrival)
        }
    }
}
