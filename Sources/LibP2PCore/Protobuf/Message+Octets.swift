import Foundation
import SwiftProtobuf

// The one place where generated messages and `Data` meet the byte arrays of deciding code. Foundation is
// needed for `Data` alone, as generated code needs it.

extension Message {
    /// Decodes a message, or returns nil for any decoding error: deciding code has one answer to all of them.
    package init?(octets: [UInt8]) {
        do {
            try self.init(serializedBytes: octets)
        } catch {
            return nil
        }
    }

    /// Returns the encoding; fields in the order of their numbers.
    package var octets: [UInt8] {
        do {
            return try self.serializedBytes(partial: true)
        } catch {
            preconditionFailure("a message in memory always encodes: \(error)")
        }
    }
}

extension Data {
    /// Copies a byte array into a bytes field.
    package init(octets: some Collection<UInt8>) {
        self.init(octets)
    }

    /// The bytes of a bytes field.
    package var octets: [UInt8] {
        self.withUnsafeBytes { Array($0) }
    }
}
