import LibP2PCore
import Testing

@testable import LibP2P

/// A session that is fed frames by hand; it is the listener unless said otherwise.
struct YamuxSubject: ~Copyable {
    var session: YamuxSession
    var events: [YamuxSession.Event] = []
    var now = Instant.zero

    init(role: YamuxSession.Role = .listener, configure: (inout YamuxConfiguration) -> Void = { _ in }) {
        var configuration = YamuxConfiguration()
        configure(&configuration)
        self.session = YamuxSession(role: role, configuration: configuration, now: .zero)
    }

    static func frame(
        _ kind: YamuxHeader.Kind, _ flags: YamuxHeader.Flags = [], _ stream: UInt32, _ length: UInt32,
        payload: [UInt8] = []
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        YamuxHeader(kind, flags, stream: stream, length: length).append(to: &bytes)
        return bytes + payload
    }

    @discardableResult
    mutating func receive(_ bytes: [UInt8]) -> YamuxFailure? {
        bytes.withUnsafeBytes { self.session.received($0, now: self.now, into: &self.events) }
    }

    @discardableResult
    mutating func receive(
        _ kind: YamuxHeader.Kind, _ flags: YamuxHeader.Flags = [], _ stream: UInt32, _ length: UInt32,
        payload: [UInt8] = []
    ) -> YamuxFailure? {
        self.receive(Self.frame(kind, flags, stream, length, payload: payload))
    }

    /// The headers of what is sent, and the payloads by stream.
    mutating func sent(budget: Int = 1 << 20) -> [YamuxHeader] {
        self.sentFrames(budget: budget).map(\.0)
    }

    mutating func sentFrames(budget: Int = 1 << 20) -> [(YamuxHeader, [UInt8])] {
        var bytes: [UInt8] = []
        self.session.takeFrames(into: &bytes, budget: budget, events: &self.events)
        var frames: [(YamuxHeader, [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= YamuxHeader.size {
            guard case .success(let header) = rest.withUnsafeBytes({ YamuxHeader.read($0) }) else { break }
            rest = rest.dropFirst(YamuxHeader.size)
            let size = header.kind == .data ? Int(header.length) : 0
            frames.append((header, Array(rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        #expect(rest.isEmpty)
        return frames
    }
}
