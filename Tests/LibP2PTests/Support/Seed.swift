import DescordCrypto
import Foundation
import LibP2PCore

/// The seed of a randomised suite, from `SEED` or the operating system, and its size, from `SCALE`.
enum TestRun {
    static let seed: UInt64 =
        ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? Entropy.seed()
    static let scale: Int = ProcessInfo.processInfo.environment["SCALE"].flatMap { Int($0) } ?? 1

    /// Prints what is needed to run a suite again.
    static func report(_ suite: String, count: Int) {
        print("\(suite): SEED=\(self.seed) SCALE=\(self.scale) ran \(count)")
    }
}
