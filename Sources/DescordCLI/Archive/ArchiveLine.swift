import DescordCore
import Foundation

/// The lines of an exported space: a header, then one operation a line.
enum ArchiveLine {
    /// The format that is written and understood.
    static let version = 1

    /// The first line.
    struct Header: Decodable {
        /// The format.
        var version: Int
        var space: SpaceID
        /// Operations that follow.
        var count: Int
        var name: String?

        private enum CodingKeys: String, CodingKey {
            case version = "descord_export"
            case space
            case name = "space_name"
            case count = "operations"
        }

        init(space: SpaceID, name: String?, count: Int) {
            self.version = ArchiveLine.version
            self.space = space
            self.name = name
            self.count = count
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.version = try container.decode(Int.self, forKey: .version)
            self.count = try container.decode(Int.self, forKey: .count)
            self.name = try container.decodeIfPresent(String.self, forKey: .name)
            guard let space = SpaceID(hex: try container.decode(String.self, forKey: .space)), self.count >= 0
            else {
                throw DecodingError.dataCorruptedError(
                    forKey: .space, in: container, debugDescription: "no header")
            }
            self.space = space
        }

        var line: JSONValue {
            [
                "descord_export": .integer(Int64(self.version)), "space": .string(self.space.hex),
                "space_name": .optional(self.name), "operations": .integer(Int64(self.count)),
            ]
        }
    }

    private struct Record: Decodable {
        var op: String
        var data: String
    }

    /// The line of an operation.
    static func line(_ operation: DescordCore.Operation) -> JSONValue {
        [
            "op": .string(operation.id.hex),
            "data": .string(Data(operation.encoded).base64EncodedString()),
        ]
    }

    /// Why a line is none.
    enum Failure: Error {
        case notALine
        case notBase64
        case operation(OperationFailure)
        case otherID

        var text: String {
            switch self {
            case .notALine: "it is no object with op and data"
            case .notBase64: "data is not base64"
            case .operation(.badSignature), .operation(.badKey): "the signature does not verify"
            case .operation(.unsupportedVersion): "the operation is of a newer version"
            case .operation(.wrongContent): "the content is not the one that was signed"
            case .operation(.notCanonical): "the operation is not in its canonical form"
            case .operation: "data is no operation"
            case .otherID: "op is not the operation's id"
            }
        }
    }

    /// Reads and verifies one operation.
    static func operation(_ line: String) throws(Failure) -> DescordCore.Operation {
        let record: Record
        do {
            record = try JSONDecoder().decode(Record.self, from: Data(line.utf8))
        } catch {
            throw .notALine
        }
        guard let data = Data(base64Encoded: record.data) else { throw .notBase64 }
        let operation: DescordCore.Operation
        do {
            operation = try DescordCore.Operation(verifying: Array(data))
        } catch {
            throw .operation(error)
        }
        guard operation.id.hex == record.op else { throw .otherID }
        return operation
    }
}
