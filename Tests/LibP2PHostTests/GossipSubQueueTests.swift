import LibP2P
import Testing

@testable import LibP2PHost

@Suite struct GossipSubQueueTests {
    @Test func queuesSendPromptBeforeForwardedAndAreBounded() {
        var queue = OutboundQueue(countMax: 2, bytesMax: 1_000)
        func push(_ rpc: RPC, _ priority: SendPriority) -> Bool { queue.push(rpc, priority) }
        #expect(push(RPC(graft: [Topic("f1")]), .forwarded) == true)
        #expect(push(RPC(graft: [Topic("p1")]), .prompt) == true)
        #expect(push(RPC(graft: [Topic("p2")]), .prompt) == true)
        #expect(push(RPC(graft: [Topic("p3")]), .prompt) == false)
        #expect(push(RPC(graft: [Topic("f2")]), .forwarded) == true)
        let order = (0..<5).map { _ in queue.pop()?.graft.first?.description }
        #expect(order == ["p1", "p2", "f1", "f2", nil])
        #expect(queue.bytes == 0)
        let large = RPC(iwant: [MessageID([UInt8](repeating: 0, count: 5_000))])
        #expect(push(large, .prompt) == true)
        #expect(push(RPC(graft: [Topic("p4")]), .prompt) == false)
    }
}
