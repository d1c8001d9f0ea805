import DescordStore
import LibP2PHost

// The peer book's word for where an address came from, and the dialling rules' word for it.

extension AddressSource {
    /// An address that the book got from a packet is dialled again as one that a peer told us.
    init(_ source: AddressOrigin) {
        switch source {
        case .typed: self = .typed
        case .ticket: self = .ticket
        case .record, .mdns, .inbound: self = .unsolicited
        }
    }
}

extension AddressOrigin {
    init(_ source: AddressSource) {
        switch source {
        case .typed: self = .typed
        case .ticket: self = .ticket
        case .unsolicited: self = .record
        case .multicastDNS: self = .mdns
        }
    }
}
