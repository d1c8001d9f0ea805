import ArgumentParser
import DescordCore
import DescordStore

/// `post --lines`: one message a line of standard input, and their results in the order of the lines.
struct PostLines {
    /// Lines whose results are due at once. What a pipe offers beyond them stays in the pipe, whose writer
    /// then waits.
    static let maxInFlight = 16
    /// Bytes that are read at once, and so ahead of what is posted: at most a page.
    private static let chunkSize = 4_096

    let home: OpenHome
    let space: SpaceID
    let channel: ChannelID
    let wait: UInt32
    /// The thread that the messages are in, and the one that they answer.
    var answering = MessageContext()

    /// What a line came to.
    private struct LineResult: Sendable {
        var line: Int
        var op: OperationID?
        var delivery: Delivery?
        var failure: CommandError?
        var timings: PostTimings?
    }

    private enum Event: Sendable {
        /// A line was read, or there is none any more.
        case line(Result<String, CommandError>?)
        case posted(LineResult)
    }

    func run(in context: CommandContext) async throws {
        guard !context.surroundings.inputIsTaken, !context.surroundings.isInteractive else {
            throw CommandError(.usage, .usage, "standard input holds the commands here")
        }
        let reader = LineReader(chunkSize: Self.chunkSize)
        let worst = try await withThrowingTaskGroup(of: Event.self) { group in
            var (read, shown, worst) = (0, 0, Int32(0))
            var (isReading, isAtEnd) = (false, false)
            var finished: [Int: LineResult] = [:]
            var session: (any NetworkSession)?
            while true {
                if !isReading, !isAtEnd, read - shown < Self.maxInFlight {
                    isReading = true
                    group.addTask { .line(await Self.next(reader)) }
                }
                guard let event = try await group.next() else { return worst }
                switch event {
                case .line(nil): (isReading, isAtEnd) = (false, true)
                case .line(let line?):
                    isReading = false
                    read += 1
                    if let result = try await self.begin(line, number: read, in: context, &session, &group) {
                        finished[read] = result
                    }
                case .posted(let result): finished[result.line] = result
                }
                while let result = finished.removeValue(forKey: shown + 1) {
                    shown += 1
                    worst = max(worst, try self.show(result, context.output))
                }
            }
        }
        try Task.checkCancellation()
        if worst != 0 { throw ExitCode(worst) }
    }

    private static func next(_ reader: LineReader) async -> Result<String, CommandError>? {
        do throws(CommandError) {
            return try await reader.next().map { .success($0) }
        } catch {
            return .failure(error)
        }
    }

    /// Commits a line; returns its result, or nil when a task of the group will bring it.
    private func begin(
        _ line: Result<String, CommandError>, number: Int, in context: CommandContext,
        _ opened: inout (any NetworkSession)?, _ group: inout ThrowingTaskGroup<Event, any Error>
    ) async throws -> LineResult? {
        let began = ContinuousClock.now
        var result = LineResult(line: number)
        let op: OperationID
        do throws(CommandError) {
            let text = try TextInput.checked(try line.get())
            var answering = self.answering
            if text.contains("@") {
                answering.mentions = MentionText.mentions(
                    in: text, of: try self.home.records.members(of: self.space))
            }
            op = try self.home.records.post(
                text, in: self.channel, of: self.space, context: answering, now: context.now)
        } catch {
            // What is wrong with the line says so; what is wrong with the home ends everything.
            guard error.kind == .badInput else { throw error }
            result.failure = error
            return result
        }
        result.op = op
        var timings = PostTimings(start: .zero)
        timings.commit = .now - began
        if !context.output.isJSON { try context.output.line(op.hex) }
        let hasOthers = try self.home.records.hasMetOthers(in: self.space)
        let isWaiting = self.wait > 0 && (hasOthers || !context.settings.addresses(.connect).isEmpty)
        guard isWaiting || opened != nil else {
            await context.surroundings.network.notifyRunningNode(of: [op], in: self.space, home: self.home)
            timings.total = .now - began
            result.timings = timings
            result.delivery = Delivery(status: hasOthers ? .queued : .local, storedBy: 0)
            return result
        }
        // Once: what is named with --connect is dialled when it opens.
        let session =
            if let opened { opened } else { try await context.session(.oneShot) as any NetworkSession }
        opened = session
        let waited = ContinuousClock.now - began - (timings.commit ?? .zero)
        let (committed, committedTimings, deadline) = (result, timings, context.deadline)
        group.addTask {
            let outcome = try await session.publish(
                [op], in: self.space, wait: isWaiting ? Int(self.wait) : 0, deadline: deadline)
            var (result, timings) = (committed, committedTimings)
            timings.take(outcome, opened: waited)
            timings.total = .now - began
            result.timings = timings
            result.delivery = Delivery(of: op, outcome, hasOthers: hasOthers, wait: self.wait)
            return .posted(result)
        }
        return nil
    }

    /// Prints what a line came to, and returns its exit code.
    private func show(_ result: LineResult, _ output: Output) throws(CommandError) -> Int32 {
        let failure = result.failure ?? result.delivery?.failure(wait: self.wait)
        if output.isJSON {
            try output.emit([
                "line": .integer(Int64(result.line)), "op": .optional(result.op?.hex),
                "space": .string(self.space.hex), "channel": .string(self.channel.hex),
                "stored_by": .optional(result.delivery?.storedBy),
                "status": .string(result.delivery?.status.rawValue ?? "refused"),
                "timings_ms": .optional(result.timings),
                "error": failure.map { failure in
                    [
                        "code": .string(failure.code.rawValue), "message": .string(failure.message),
                        "hint": .optional(failure.hint),
                    ]
                } ?? .null,
            ])
        } else if let refusal = result.failure {
            output.report(
                CommandError(
                    refusal.kind, refusal.code, "line \(result.line): \(refusal.message)",
                    hint: refusal.hint))
        } else if let delivery = result.delivery {
            if delivery.storedBy > 0 { output.note("stored by \(delivery.storedBy)") }
            if delivery.status != .stored { output.note(delivery.status.rawValue) }
        }
        return failure?.exitCode ?? 0
    }
}
