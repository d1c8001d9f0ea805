import LibP2P
import Testing

@testable import LibP2PHost

@Suite struct GossipSubQueueTests {
    @Test func queuesSendPromptBeforeForwardedAndAreBounded() {
        var queue = OutboundQueue(countMax: 2, bytesMax: 1_000)
        #expect(queue.push(RPC(graft: [Topic("f1")]), .forwarded))
        #expect(queue.push(RPC(graft: [Topic("p1")]), .prompt))
        #expect(queue.push(RPC(graft: [Topic("p2")]), .prompt))
        #expect(!queue.push(RPC(graft: [Topic("p3")]), .prompt))
        #expect(queue.push(RPC(graft: [Topic("f2")]), .forwarded))
        #expect((0..<5).map { _ in queue.pop()?.graft.first?.description } == ["p1", "p2", "f1", "f2", nil])
        #expect(queue.bytes == 0)
        let large = RPC(iwant: [MessageID([UInt8](repeating: 0, count: 5_000))])
        #expect(queue.push(large, .prompt))
        #expect(!queue.push(RPC(graft: [Topic("p4")]), .prompt))
    }
}
