import DescordCore
import DescordStore
import LibP2PCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import DescordNode

/// What is submitted is verified ahead of what is being written, and ends in the order in which it came.
@Suite struct IngestPipelineTests {
    /// What happened, in order; touched by the event loop alone until it has drained.
    private final class Journal: Sendable {
        let events = Mutex<[String]>([])
        func add(_ event: String) { self.events.withLock { $0.append(event) } }
    }

    @Test func pagesEndInTheirOrderAndWritesComeAfterThem() async throws {
        let author = try TestHome()
        let created = try author.store.createSpace(name: SpaceName(parsing: "ops"), isPublic: false).operation
        let channel = try author.store.createChannel(
            name: ChannelName(parsing: "general"), in: created.id
        ).operation
        let posts = try (0..<300).map {
            try author.store.post("\($0)", channel: channel.id, in: created.id).operation
        }
        let forms = ([created, channel] + posts).map(\.encoded)
        var forged = forms[187]
        forged[forged.count - 1] ^= 1
        // Nothing of the first is to be written, so that the writer is free while the second, which takes
        // longest, is verified; a forged copy stands in the third.
        var pages = [[forged], Array(forms[..<180]), Array(forms[180..<240]), Array(forms[240...])]
        pages[2].insert(forged, at: 7)
        let topic = SpaceTopic.name(of: created.id)

        let reader = try TestHome()
        try reader.store.beginJoin(created.id)
        let journal = Journal()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let store = reader.store
        let submitted = pages
        try await eventLoop.flatSubmit {
            let pipeline = IngestPipeline(eventLoop: eventLoop, store: store) {
                posts[299].header.clock.wallTime
            }
            for (number, page) in submitted.enumerated() {
                pipeline.submit(page.map { .gossip($0, topic: topic) }, from: .file) { outcomes in
                    let bad = outcomes.indices.filter { place in
                        if case .judged(_, .stored) = outcomes[place] { false } else { true }
                    }
                    journal.add("page \(number), refused \(bad)")
                }
            }
            pipeline.write { journal.add("written") }
            return pipeline.drain().map { pipeline.shutDown() }
        }.get()
        let expected = ["[0]", "[]", "[7]", "[]"].enumerated().map { "page \($0), refused \($1)" }
        #expect(journal.events.withLock { $0 } == expected + ["written"])
        for post in posts { #expect(try reader.store.operation(post.id) == post) }
    }
}
