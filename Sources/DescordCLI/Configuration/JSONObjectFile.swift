import Foundation
import Glibc

/// Reads files that hold one JSON object: settings, and parameters.
enum JSONObjectFile {
    /// The largest file that is read.
    private static let maxSize = 262_144

    /// Returns the members in the order of their names; nil when there is no such file.
    static func members(of path: String, _ code: ErrorCode) throws(CommandError) -> [JSONValue.Member]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw CommandError(.configuration, code, "cannot read \"\(path)\": \(SystemText.error(errno))")
        }
        defer { close(descriptor) }
        let bytes: [UInt8]
        do {
            bytes = try StandardStreams.read(descriptor, limit: Self.maxSize)
        } catch {
            // A folder opens, and fails at the first read.
            throw CommandError(.configuration, code, "cannot read \"\(path)\": \(SystemText.error(errno))")
        }
        guard bytes.count <= Self.maxSize,
            case .object(let members)? = try? JSONDecoder().decode(JSONTree.self, from: Data(bytes)).value
        else {
            throw CommandError(
                .configuration, code, "\"\(path)\" is not one JSON object",
                hint: "correct the file, or move it away")
        }
        return members
    }
}

/// Any JSON, as Foundation's decoder reads it: numbers to their last digit, which its older reader does not.
private struct JSONTree: Decodable {
    let value: JSONValue

    /// The name of a member, whatever it is.
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Name.self) {
            let names = object.allKeys.sorted { $0.stringValue < $1.stringValue }
            self.value = .object(
                try names.map { name in
                    JSONValue.Member(
                        name: name.stringValue, value: try object.decode(JSONTree.self, forKey: name).value)
                })
            return
        }
        if var array = try? decoder.unkeyedContainer() {
            var values: [JSONValue] = []
            while !array.isAtEnd { values.append(try array.decode(JSONTree.self).value) }
            self.value = .array(values)
            return
        }
        let single = try decoder.singleValueContainer()
        // Each refuses what is of another type; a number without a fraction is a whole one.
        if single.decodeNil() {
            self.value = .null
        } else if let flag = try? single.decode(Bool.self) {
            self.value = .bool(flag)
        } else if let integer = try? single.decode(Int64.self) {
            self.value = .integer(integer)
        } else if let number = try? single.decode(Double.self) {
            self.value = .number(number)
        } else {
            self.value = .string(try single.decode(String.self))
        }
    }
}
