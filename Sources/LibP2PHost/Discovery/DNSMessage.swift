/// A DNS message as mDNS uses it (RFC 1035 §4, RFC 6762): questions, and PTR, TXT and opaque records.
///
/// Reading is bounded in size, in counts and in the length of names; compression pointers only lead
/// backwards, so that no packet makes the reader run in circles. Writing does not compress.
struct DNSMessage: Equatable, Sendable {
    /// The largest packet that is read or written: a jumbo frame (RFC 6762 §17).
    static let maxSize = 9_000
    /// The most questions, and the most records, that are read of a packet.
    static let maxCount = 256
    /// The longest name, in bytes on the wire (RFC 1035 §2.3.4).
    static let maxNameSize = 255

    /// A name as labels; compared without regard to the case of ASCII letters.
    struct Name: Equatable, Sendable {
        let labels: [[UInt8]]

        init(labels: [[UInt8]]) {
            self.labels = labels
        }

        /// Makes a name of text whose labels are separated by dots.
        init(_ text: String) {
            self.labels = text.split(separator: ".").map { Array($0.utf8) }
        }

        static func == (a: Name, b: Name) -> Bool {
            a.labels.count == b.labels.count
                && zip(a.labels, b.labels).allSatisfy { $0.map(Self.lowered) == $1.map(Self.lowered) }
        }

        private static func lowered(_ byte: UInt8) -> UInt8 {
            (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
        }
    }

    struct Question: Equatable, Sendable {
        var name: Name
        var type: UInt16
        /// Whether a unicast answer is asked for (RFC 6762 §5.4).
        var wantsUnicast = false
    }

    struct Record: Equatable, Sendable {
        enum Content: Equatable, Sendable {
            case pointer(Name)
            /// Strings of at most 255 bytes.
            case text([[UInt8]])
            case other(type: UInt16, [UInt8])
        }

        var name: Name
        var content: Content
        /// Seconds for which it may be kept.
        var timeToLive: UInt32
    }

    static let pointerType: UInt16 = 12
    static let textType: UInt16 = 16
    static let anyType: UInt16 = 255
    private static let internetClass: UInt16 = 1
    private static let responseFlag: UInt16 = 0x8000
    private static let authoritativeFlag: UInt16 = 0x0400

    var id: UInt16 = 0
    var isResponse: Bool
    var questions: [Question] = []
    var answers: [Record] = []
    /// Authority records are skipped; these are the additional ones.
    var additional: [Record] = []

    init(isResponse: Bool, questions: [Question] = [], answers: [Record] = [], additional: [Record] = []) {
        self.isResponse = isResponse
        self.questions = questions
        self.answers = answers
        self.additional = additional
    }

    // MARK: - Reading

    /// Reads a packet; nil when it breaks the format or a bound. Bytes after the last record are ignored.
    init?(decoding packet: [UInt8]) {
        guard packet.count <= Self.maxSize else { return nil }
        var reader = Reader(packet: packet)
        guard let id = reader.number16(), let flags = reader.number16(), let questions = reader.number16(),
            let answers = reader.number16(), let authorities = reader.number16(),
            let additional = reader.number16()
        else { return nil }
        // Anything but a plain query or answer is not for us (RFC 6762 §18.3, §18.11).
        guard flags & 0x780f == 0 else { return nil }
        let records = Int(answers) + Int(authorities) + Int(additional)
        guard questions <= Self.maxCount, records <= Self.maxCount else { return nil }
        self.init(isResponse: flags & Self.responseFlag != 0)
        self.id = id
        for _ in 0..<questions {
            guard let name = reader.name(), let type = reader.number16(), let kind = reader.number16() else {
                return nil
            }
            guard kind & 0x7fff == Self.internetClass || kind & 0x7fff == Self.anyType else { continue }
            self.questions.append(Question(name: name, type: type, wantsUnicast: kind & 0x8000 != 0))
        }
        for index in 0..<records {
            guard let (record, isInternet) = reader.record() else { return nil }
            guard isInternet else { continue }
            if index < Int(answers) {
                self.answers.append(record)
            } else if index >= Int(answers) + Int(authorities) {
                self.additional.append(record)
            }
        }
    }

    private struct Reader {
        let packet: [UInt8]
        var offset = 0

        mutating func number16() -> UInt16? {
            guard self.packet.count - self.offset >= 2 else { return nil }
            defer { self.offset += 2 }
            return UInt16(self.packet[self.offset]) << 8 | UInt16(self.packet[self.offset + 1])
        }

        mutating func number32() -> UInt32? {
            guard let high = self.number16(), let low = self.number16() else { return nil }
            return UInt32(high) << 16 | UInt32(low)
        }

        mutating func name() -> Name? {
            var labels: [[UInt8]] = []
            var size = 1
            var position = self.offset
            // Where the chain of pointers has been: each must lead before it.
            var barrier = self.offset
            var end: Int?
            while position < self.packet.count {
                let length = Int(self.packet[position])
                switch length & 0xc0 {
                case 0 where length == 0:
                    self.offset = end ?? position + 1
                    return Name(labels: labels)
                case 0:
                    size += 1 + length
                    guard size <= DNSMessage.maxNameSize, self.packet.count - position > length else {
                        return nil
                    }
                    labels.append(Array(self.packet[(position + 1)..<(position + 1 + length)]))
                    position += 1 + length
                case 0xc0:
                    guard position + 1 < self.packet.count else { return nil }
                    let target = (length & 0x3f) << 8 | Int(self.packet[position + 1])
                    guard target < barrier else { return nil }
                    end = end ?? position + 2
                    barrier = target
                    position = target
                default: return nil
                }
            }
            return nil
        }

        mutating func record() -> (Record, isInternet: Bool)? {
            guard let name = self.name(), let type = self.number16(), let kind = self.number16(),
                let timeToLive = self.number32(), let size = self.number16(),
                self.packet.count - self.offset >= Int(size)
            else { return nil }
            let end = self.offset + Int(size)
            let content: Record.Content
            switch type {
            case DNSMessage.pointerType:
                guard let target = self.name(), self.offset == end else { return nil }
                content = .pointer(target)
            case DNSMessage.textType:
                var strings: [[UInt8]] = []
                while self.offset < end {
                    let length = Int(self.packet[self.offset])
                    guard self.offset + 1 + length <= end else { return nil }
                    strings.append(Array(self.packet[(self.offset + 1)..<(self.offset + 1 + length)]))
                    self.offset += 1 + length
                }
                content = .text(strings)
            default:
                content = .other(type: type, Array(self.packet[self.offset..<end]))
            }
            self.offset = end
            let isInternet = kind & 0x7fff == DNSMessage.internetClass
            return (Record(name: name, content: content, timeToLive: timeToLive), isInternet)
        }
    }

    // MARK: - Writing

    /// The packet. Labels are at most 63 bytes and strings at most 255.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        func append16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(value & 0xff)] }
        append16(self.id)
        append16(self.isResponse ? Self.responseFlag | Self.authoritativeFlag : 0)
        append16(UInt16(self.questions.count))
        append16(UInt16(self.answers.count))
        append16(0)
        append16(UInt16(self.additional.count))
        for question in self.questions {
            Self.append(question.name, to: &bytes)
            append16(question.type)
            append16(Self.internetClass | (question.wantsUnicast ? 0x8000 : 0))
        }
        for record in self.answers + self.additional {
            let (type, content) = record.content.wire
            Self.append(record.name, to: &bytes)
            append16(type)
            append16(Self.internetClass)
            append16(UInt16(record.timeToLive >> 16))
            append16(UInt16(record.timeToLive & 0xffff))
            append16(UInt16(content.count))
            bytes += content
        }
        return bytes
    }

    fileprivate static func append(_ name: Name, to bytes: inout [UInt8]) {
        for label in name.labels {
            precondition(!label.isEmpty && label.count <= 63, "a label has 1 to 63 bytes")
            bytes.append(UInt8(label.count))
            bytes += label
        }
        bytes.append(0)
    }
}

extension DNSMessage.Record.Content {
    fileprivate var wire: (type: UInt16, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        switch self {
        case .pointer(let name):
            DNSMessage.append(name, to: &bytes)
            return (DNSMessage.pointerType, bytes)
        case .text(let strings):
            for string in strings {
                precondition(string.count <= 255, "a string has at most 255 bytes")
                bytes.append(UInt8(string.count))
                bytes += string
            }
            return (DNSMessage.textType, bytes)
        case .other(let type, let content):
            return (type, content)
        }
    }
}
