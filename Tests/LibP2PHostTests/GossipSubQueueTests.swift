import LibP2P
import Testing

@testable import LibP2PHost

@Suite struct GossipSubQueueTests {
    @Test func queuesSendControlFirstThenUrgentThenOwnThenForwarded() {
        var queue = OutboundQueue(countMax: 4, bytesMax: 1_000)
        for priority in SendPriority.allCases.reversed() {
            for number in 0..<2 {
                let hasRoom = queue.push(RPC(graft: [Topic("\(priority)\(number)")]), priority)
                #expect(hasRoom)
            }
        }
        let order = (0..<8).compactMap { _ in queue.pop()?.graft.first?.description }
        #expect(
            order == [
                "control0", "control1", "urgent0", "urgent1", "own0", "own1", "forwarded0", "forwarded1",
            ])
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test func queuesAreBoundedForEachPriority() {
        var queue = OutboundQueue(countMax: 2, bytesMax: 1_000)
        func push(_ rpc: RPC, _ priority: SendPriority) -> Bool { queue.push(rpc, priority) }
        #expect(push(RPC(graft: [Topic("f1")]), .forwarded) == true)
        #expect(push(RPC(graft: [Topic("p1")]), .own) == true)
        #expect(push(RPC(graft: [Topic("p2")]), .own) == true)
        #expect(push(RPC(graft: [Topic("p3")]), .own) == false)
        #expect(push(RPC(graft: [Topic("f2")]), .forwarded) == true)
        let order = (0..<5).map { _ in queue.pop()?.graft.first?.description }
        #expect(order == ["p1", "p2", "f1", "f2", nil])
        #expect(queue.bytes == 0)
        let large = RPC(iwant: [MessageID([UInt8](repeating: 0, count: 5_000))])
        #expect(push(large, .own) == true)
        #expect(push(RPC(graft: [Topic("p4")]), .own) == false)
    }
}
