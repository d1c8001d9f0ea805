import DescordCore
import DescordCrypto
import Foundation
import GRDB
import LibP2PCore

// MARK: - Waiting room and budgets

/// Whose budget it is, in the space of this number; strangers share the one without a key.
struct BudgetKey: Hashable {
    let space: Int64
    let holder: Data
}

extension Ingestion {
    /// Whether an operation that has to wait finds room; others always do.
    func hasRoom(
        for operation: Operation, _ judgement: SpaceRules<StoreLookup>.Judgement, in row: SpaceRow
    ) throws -> Bool {
        switch judgement {
        case .waiting, .held: break
        default: return true
        }
        let size = Int64(operation.encodedSize)
        let all =
            try self.db.integer(
                "SELECT total(size) FROM operations WHERE space = ? AND state IN (1, 2)", [row.number]) ?? 0
        guard all + size <= Int64(SpaceLimits.maxUnsettledSpaceBytes) else { return false }
        // While we join, authority operations come before the content that they follow.
        guard row.state != .pending else { return true }
        let author = try self.db.row(
            """
            SELECT count(*) AS count, total(size) AS size FROM operations
            WHERE space = ? AND author = ? AND state IN (1, 2)
            """, [row.number, operation.author.data])
        let count = (author?["count"] as Int64?) ?? 0
        let bytes = (author?["size"] as Int64?) ?? 0
        return count < Int64(SpaceLimits.maxUnsettledCount)
            && bytes + size <= Int64(SpaceLimits.maxUnsettledBytes)
    }

    /// Takes an operation out of its author's budget; what does not fit is remembered, so that it is not
    /// pulled again before it may fit. Our own operations are not counted.
    ///
    /// History is counted by its bytes alone: see `isHistory`.
    mutating func takeBudget(
        for operation: Operation, _ judgement: SpaceRules<StoreLookup>.Judgement, in row: SpaceRow,
        from source: IngestSource
    ) throws -> Bool {
        guard operation.author != self.own, !operation.isGenesis else { return true }
        let isStranger = judgement == .admitted(byMember: false)
        // Strangers share one bucket, which has no key of its own.
        let holder = isStranger ? Data() : operation.author.data
        let limits = isStranger ? BudgetLimits.publicJoins : row.limits
        let key = BudgetKey(space: row.number, holder: holder)
        var budget = try self.budgets[key] ?? self.storedBudget(key)
        let size = operation.encodedSize
        let isControl = operation.operationClass != .content
        let isHistory = self.isHistory(operation, in: row, from: source)
        guard
            budget.take(
                size: size, isControl: isControl, isPaced: !isHistory, limits: limits, now: self.now)
        else {
            let until = budget.retryTime(size: size, isControl: isControl, limits: limits, now: self.now)
            try self.remember(refused: operation.id, until: until, in: row)
            return false
        }
        self.budgets[key] = budget
        return true
    }

    private func storedBudget(_ key: BudgetKey) throws -> AuthorBudget {
        try self.db.row("SELECT * FROM budgets WHERE space = ? AND author = ?", [key.space, key.holder])
            .map {
                AuthorBudget(
                    used: $0["used"], updated: WallTime(milliseconds: $0["updated"]),
                    totalBytes: UInt64(bitPattern: $0["total_bytes"]),
                    controlBytes: UInt64(bitPattern: $0["control_bytes"]))
            } ?? AuthorBudget(now: self.now)
    }

    /// Writes back what was taken from budgets in this transaction.
    func saveBudgets() throws {
        for (key, budget) in self.budgets {
            try self.db.run(
                "INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?, ?, ?)",
                [
                    key.space, key.holder, budget.used, budget.updated.milliseconds,
                    Int64(bitPattern: budget.totalBytes), Int64(bitPattern: budget.controlBytes),
                ])
        }
    }

    /// Returns whether an operation was there before we were: it comes by sync or from a file, its clock
    /// is before our joining, and we are still catching up.
    ///
    /// The pace of a budget holds back who writes too much now. A newcomer reads at once what was written
    /// over years, so for a week of its membership the past is bounded by bytes alone. Clocks can be forged,
    /// which is why neither gossip nor a home that has caught up makes this exception.
    private func isHistory(_ operation: Operation, in row: SpaceRow, from source: IngestSource) -> Bool {
        if case .gossip = source { return false }
        guard let joined = row.joinedAt else { return true }
        return operation.header.clock.wallTime <= joined && self.now < joined + SpaceLimits.catchUpTime
    }

    private func remember(refused id: OperationID, until: WallTime, in row: SpaceRow) throws {
        try self.db.run(
            "DELETE FROM refused WHERE space = ? AND until <= ?", [row.number, self.now.milliseconds])
        let count = try self.db.integer("SELECT count(*) FROM refused WHERE space = ?", [row.number]) ?? 0
        guard count < Int64(SpaceLimits.maxRefusedCount) else { return }
        try self.db.run(
            "INSERT OR REPLACE INTO refused VALUES (?, ?, ?)", [id.data, row.number, until.milliseconds])
    }
}
