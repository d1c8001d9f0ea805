import LibP2PCore

/// All randomness of a run, from one seed.
///
/// Every purpose, and within it every node or link, has numbers of its own, so that what one part draws does
/// not shift what another part gets.
struct Chance: Sendable {
    /// What a number is drawn for.
    enum Purpose: UInt64 {
        case topology = 1
        case latency, jitter, loss, bandwidth, phase, drift, router, publication, author, churn, partition,
            slowNodes, validation, attack, attackLinks, redial, scenario
    }

    let seed: UInt64

    /// Returns 64 bits that belong to a purpose and up to two numbers.
    func bits(_ purpose: Purpose, _ first: Int = 0, _ second: Int = 0) -> UInt64 {
        let a = Bits.mixed(seed ^ Bits.mixed(purpose.rawValue))
        let b = Bits.mixed(a ^ UInt64(bitPattern: Int64(first)))
        return Bits.mixed(b ^ Bits.mixed(UInt64(bitPattern: Int64(second))))
    }

    /// Returns a number from 0 up to, and without, 1.
    func unit(_ purpose: Purpose, _ first: Int = 0, _ second: Int = 0) -> Double {
        Double(bits(purpose, first, second) >> 11) * 0x1p-53
    }

    /// Returns a generator that belongs to a purpose and up to two numbers.
    func generator(_ purpose: Purpose, _ first: Int = 0, _ second: Int = 0) -> PRNG {
        PRNG(seed: bits(purpose, first, second))
    }
}

extension PRNG {
    /// Returns a number from 0 up to, and without, 1.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Returns whether something of this probability happens.
    mutating func happens(_ probability: Double) -> Bool {
        unit() < probability
    }
}
