/// What a run comes to in 64 bits: every event that was processed goes in, in order.
///
/// Two runs with the same hash did the same things at the same times. Not for anything that an adversary
/// chooses.
struct EventHash {
    private(set) var value: UInt64

    init(seed: UInt64) {
        value = Bits.mixed(seed ^ 0x6465_7363_6f72_6421)
    }

    /// Adds a number.
    mutating func add(_ number: UInt64) {
        value = Bits.mixed(value ^ number)
    }

    /// Adds a number.
    mutating func add(_ number: Int) {
        add(UInt64(bitPattern: Int64(number)))
    }

    /// The hash as 16 hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A bijection of 64 bits in which every input bit changes half of the output (SplitMix64's finaliser).
enum Bits {
    static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
