import Foundation

/// What an invocation asks of the node that holds the lock of its home: JSON-RPC 2.0, one object a line.
///
/// The list is closed: nothing that signs, nothing that reads files, no method that is not here.
package enum HandoverRequest: Sendable, Equatable {
    /// Must come first; a holder of another version of this protocol refuses.
    case hello(version: Int)
    /// Publishes operations that the caller committed to the shared database, and waits for receipts.
    case publish(operations: [String], wait: Int, timeoutMilliseconds: Int)
    /// Reports every later arrival of an operation.
    case follow
    /// Who is known and connected.
    case peers
    /// Reconciles one space (or, without one, all) with reachable members; with a ticket, joins it.
    case sync(space: String?, ticket: String?, timeoutMilliseconds: Int)
    /// Fetches the files of a message: `sync` with a message.
    case fetch(message: String, timeoutMilliseconds: Int)
    /// Dials an address that a person typed.
    case dial(address: String, timeoutMilliseconds: Int)

    /// The protocol's version.
    package static let version = 1
    /// The longest line of either side, in bytes: a message of the largest size fits twice.
    package static let maxLineSize = 2 << 20

    /// The JSON-RPC method.
    package var method: String {
        switch self {
        case .hello: "hello"
        case .publish: "publish"
        case .follow: "follow"
        case .peers: "peers"
        case .sync, .fetch: "sync"
        case .dial: "dial"
        }
    }
}

/// Why a request failed, as JSON-RPC's error object.
package struct HandoverError: Error, Codable, Sendable, Equatable {
    /// JSON-RPC's codes, and one of ours.
    package enum Code {
        package static let parseError = -32_700
        package static let invalidRequest = -32_600
        package static let methodNotFound = -32_601
        package static let invalidParameters = -32_602
        /// The node could not do it; `reason` says why in a word of the command line's error codes.
        package static let failed = 1
    }

    package let code: Int
    package let message: String
    package var reason: String?

    package init(code: Int, message: String, reason: String? = nil) {
        self.code = code
        self.message = message
        self.reason = reason
    }
}

/// A line as it stands on the socket.
struct HandoverLine: Codable {
    struct Parameters: Codable {
        var version: Int?
        var operations: [String]?
        var wait: Int?
        var timeoutMilliseconds: Int?
        var space: String?
        var ticket: String?
        var message: String?
        var address: String?
        var arrival: Int64?
    }

    var jsonrpc = "2.0"
    var id: Int?
    var method: String?
    var params: Parameters?
    var result: HandoverResult?
    var error: HandoverError?
}

/// What a request came to; the members that its method fills.
package struct HandoverResult: Codable, Sendable, Equatable {
    /// `hello`: the holder's version.
    package var version: Int?
    /// `publish`: who stored it, and when what happened.
    package var publication: Publication?
    /// `peers`.
    package var peers: [PeerStatus]?
    /// `sync`.
    package var syncs: [SyncReport]?
    /// `sync` with a ticket.
    package var join: Join?
    /// `dial`: the peer that answered.
    package var peer: String?

    package init() {}

    /// A `Publication` on the socket: ids in hex, durations in nanoseconds.
    package struct Publication: Codable, Sendable, Equatable {
        var storedBy: [String: Int]
        var heldBy: [String: Int]?
        var hasOtherMembers: Bool
        var connect: Int64?
        var publish: Int64?
        var stored: Int64?
    }

    /// A `JoinResult` on the socket.
    package struct Join: Codable, Sendable, Equatable {
        /// `joined`, `partly`, `unreachable`, or why a member refused.
        var outcome: String
        var report: JoinReport?
    }
}

extension HandoverRequest {
    /// Encodes the request as a line, with its final newline.
    func line(id: Int) -> [UInt8] {
        var line = HandoverLine(id: id, method: self.method)
        var parameters = HandoverLine.Parameters()
        switch self {
        case .hello(let version): parameters.version = version
        case .publish(let operations, let wait, let timeout):
            parameters.operations = operations
            parameters.wait = wait
            parameters.timeoutMilliseconds = timeout
        case .follow, .peers: break
        case .sync(let space, let ticket, let timeout):
            parameters.space = space
            parameters.ticket = ticket
            parameters.timeoutMilliseconds = timeout
        case .fetch(let message, let timeout):
            parameters.message = message
            parameters.timeoutMilliseconds = timeout
        case .dial(let address, let timeout):
            parameters.address = address
            parameters.timeoutMilliseconds = timeout
        }
        line.params = parameters
        return line.encoded
    }

    /// Reads a request out of a decoded line.
    init(_ line: HandoverLine) throws(HandoverError) {
        let parameters = line.params ?? HandoverLine.Parameters()
        func required<Value>(_ value: Value?, _ name: String) throws(HandoverError) -> Value {
            guard let value else {
                throw HandoverError(code: HandoverError.Code.invalidParameters, message: "\(name) is missing")
            }
            return value
        }
        switch line.method {
        case "hello": self = .hello(version: try required(parameters.version, "version"))
        case "publish":
            self = .publish(
                operations: try required(parameters.operations, "operations"),
                wait: try required(parameters.wait, "wait"),
                timeoutMilliseconds: try required(parameters.timeoutMilliseconds, "timeoutMilliseconds"))
        case "follow": self = .follow
        case "peers": self = .peers
        case "sync" where parameters.message != nil:
            self = .fetch(
                message: try required(parameters.message, "message"),
                timeoutMilliseconds: try required(parameters.timeoutMilliseconds, "timeoutMilliseconds"))
        case "sync":
            self = .sync(
                space: parameters.space, ticket: parameters.ticket,
                timeoutMilliseconds: try required(parameters.timeoutMilliseconds, "timeoutMilliseconds"))
        case "dial":
            self = .dial(
                address: try required(parameters.address, "address"),
                timeoutMilliseconds: try required(parameters.timeoutMilliseconds, "timeoutMilliseconds"))
        case .some(let method):
            throw HandoverError(code: HandoverError.Code.methodNotFound, message: "no method \(method)")
        case nil:
            throw HandoverError(code: HandoverError.Code.invalidRequest, message: "no method")
        }
    }
}

extension HandoverLine {
    /// The JSON of the line and its newline; keys sorted, so that equal lines are equal bytes.
    var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("plain values always encode: \(error)")
        }
    }

    /// Decodes a line without its newline.
    init(decoding bytes: some Collection<UInt8>) throws(HandoverError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw HandoverError(code: HandoverError.Code.parseError, message: "not a JSON-RPC line")
        }
    }
}
