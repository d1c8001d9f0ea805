import DescordCore
import DescordStore
import LibP2PCore

extension Records {
    /// Where a consumer is, made at its first use; 75 when there are too many.
    package func beginCursor(
        _ key: CursorKey, since: WallTime?, now: WallTime
    ) throws(CommandError) -> CursorPlace {
        let place = try self.explained { () throws(StoreError) in
            try self.store.beginCursor(key, since: since, at: now)
        }
        guard let place else {
            throw CommandError(
                .badInput, .tooManyCursors, "this home has \(Store.maxCursorCount) cursors already",
                hint: "descord cursor list, then descord cursor remove NAME")
        }
        return place
    }

    package func moveCursor(_ key: CursorKey, to arrival: Int64) throws(CommandError) {
        try self.explained { () throws(StoreError) in try self.store.moveCursor(key, to: arrival) }
    }

    package func cursors() throws(CommandError) -> [CursorSummary] {
        try self.explained { () throws(StoreError) in try self.store.cursors() }
    }

    package func removeCursors(named name: String) throws(CommandError) -> Int {
        try self.explained { () throws(StoreError) in try self.store.removeCursors(named: name) }
    }

    /// The place before the first message of a space that was written since a time.
    package func place(before since: WallTime, in space: SpaceID) throws(CommandError) -> Int64 {
        try self.explained { () throws(StoreError) in try self.store.place(before: since, in: space) }
    }

    /// The newest arrival in a space that is not above `limit`.
    package func newestArrival(in space: SpaceID, upTo limit: Int64) throws(CommandError) -> Int64 {
        try self.explained { () throws(StoreError) in
            try self.store.newestArrival(in: space, upTo: limit)
        }
    }

    /// What came into force by one operation; nil when it is not shown any more.
    package func event(of act: OperationID) throws(CommandError) -> MessageRow? {
        try self.explained { () throws(StoreError) in try self.store.event(of: act) }.map(Self.row)
    }

    // MARK: - Parked messages

    package func park(
        _ op: OperationID, arrival: Int64?, for key: CursorKey, attempts: Int, error: String
    ) throws(CommandError) -> Bool {
        try self.explained { () throws(StoreError) in
            try self.store.park(op, arrival: arrival, for: key, attempts: attempts, error: error)
        }
    }

    package func parked(named name: String?) throws(CommandError) -> [ParkedMessage] {
        try self.explained { () throws(StoreError) in try self.store.parked(named: name) }
    }

    package func retryParked(named name: String, _ ops: [OperationID]?) throws(CommandError) -> Int {
        try self.explained { () throws(StoreError) in try self.store.retryParked(named: name, ops) }
    }

    package func dropParked(named name: String, _ ops: [OperationID]?) throws(CommandError) -> Int {
        try self.explained { () throws(StoreError) in try self.store.dropParked(named: name, ops) }
    }

    package func unpark(_ op: OperationID, for key: CursorKey) throws(CommandError) {
        try self.explained { () throws(StoreError) in try self.store.unpark(op, for: key) }
    }
}
