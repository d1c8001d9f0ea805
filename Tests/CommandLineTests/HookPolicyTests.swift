import Testing

@testable import DescordCLI

/// When a hook is tried again.
@Suite struct HookPolicyTests {
    /// The seconds before each further try.
    private func waits(_ policy: HookPolicy) -> [Int64] {
        (1...policy.tries).compactMap { policy.wait(afterTry: $0)?.components.seconds }
    }

    @Test func theWaitDoublesUpToAMinute() {
        #expect(self.waits(HookPolicy(tries: 9)) == [2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test func afterTheLastTryItGivesUp() {
        #expect(self.waits(HookPolicy()) == [2, 4, 8, 16])
        #expect(HookPolicy(tries: 1).wait(afterTry: 1) == nil)
        #expect(HookPolicy(tries: 100).wait(afterTry: 99) == .seconds(60))
        #expect(HookPolicy(tries: 100).wait(afterTry: 100) == nil)
    }
}
