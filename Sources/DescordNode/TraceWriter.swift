import Foundation
import LibP2P
import LibP2PCore

/// Writes gossipsub's trace events to a file, one JSON object a line, by go-libp2p-pubsub's names.
///
/// Confined to the node's loop. Every line is written whole as its event happens, so that a reader that
/// follows the file sees what led to where it looks.
final class TraceWriter {
    private struct Line: Encodable {
        var type: String
        var time: String
        var peer: String?
        var topic: String?
        var message: String?
        var reason: String?
        var `protocol`: String?
        var counts: [String: Int]?
    }

    private let file: FileHandle
    private let wallTime: @Sendable () -> WallTime
    private let encoder = JSONEncoder()

    /// Opens `path` for appending; throws Foundation's error when that cannot be done.
    init(path: String, wallTime: @escaping @Sendable () -> WallTime) throws {
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw CocoaError(.fileWriteNoPermission)
            }
        }
        self.file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try self.file.seekToEnd()
        self.wallTime = wallTime
        self.encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// Writes an event.
    func write(_ event: TraceEvent) {
        var line = Line(type: event.name, time: Timestamp.text(of: self.wallTime()))
        switch event {
        case .publishMessage(let id, let topic):
            line.message = Multibase.hex(id.bytes)
            line.topic = topic.description
        case .rejectMessage(let id, let topic, let peer, let reason):
            line.message = Multibase.hex(id.bytes)
            line.topic = topic.description
            line.peer = peer.description
            line.reason = reason.rawValue
        case .duplicateMessage(let id, let topic, let peer), .deliverMessage(let id, let topic, let peer):
            line.message = Multibase.hex(id.bytes)
            line.topic = topic.description
            line.peer = peer.description
        case .addPeer(let peer, let protocolID):
            line.peer = peer.description
            line.protocol = protocolID.rawValue
        case .removePeer(let peer): line.peer = peer.description
        case .receiveRPC(let peer, let counts), .sendRPC(let peer, let counts),
            .dropRPC(let peer, let counts):
            line.peer = peer.description
            line.counts = [
                "subscriptions": counts.subscriptions, "messages": counts.messages, "ihave": counts.ihave,
                "iwant": counts.iwant, "graft": counts.graft, "prune": counts.prune,
                "idontwant": counts.idontwant,
            ]
        case .join(let topic), .leave(let topic): line.topic = topic.description
        case .graft(let peer, let topic, let reason):
            line.peer = peer.description
            line.topic = topic.description
            line.reason = reason.rawValue
        case .prune(let peer, let topic, let reason):
            line.peer = peer.description
            line.topic = topic.description
            line.reason = reason.rawValue
        }
        do {
            try self.file.write(contentsOf: try self.encoder.encode(line) + [UInt8(ascii: "\n")])
        } catch {
            // A trace is a convenience: a full disk must not stop the node.
        }
    }
}

/// RFC 3339 in UTC with milliseconds.
package enum Timestamp {
    /// Returns the text of a time, such as `2026-01-02T03:04:05.678Z`.
    package static func text(of time: WallTime) -> String {
        let milliseconds = time.milliseconds
        let days = (milliseconds / 86_400_000) - (milliseconds % 86_400_000 < 0 ? 1 : 0)
        let rest = milliseconds - days * 86_400_000
        let (year, month, day) = Self.civil(fromDays: days)
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(rest / 3_600_000, 2)):"
            + "\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2)).\(padded(rest % 1_000, 3))Z"
    }

    /// The proleptic Gregorian date of a number of days since 1970-01-01, by eras of 400 years that start in
    /// March.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }
}
