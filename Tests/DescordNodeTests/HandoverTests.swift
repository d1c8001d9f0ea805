import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import DescordNode

/// A folder for one test, removed afterwards.
final class TemporaryFolder {
    let path: String

    init(depth: Int = 0) throws {
        var url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "descord-\(UUID().uuidString)")
        self.root = url
        for level in 0..<depth { url.appendPathComponent("a-folder-with-a-long-name-\(level)") }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.path = url.path
    }

    private let root: URL

    deinit {
        try? FileManager.default.removeItem(at: self.root)  // a leftover in the temporary folder harms nobody
    }
}

@Suite struct HandoverTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    /// Runs `body` on a loop with a server whose requests `handle` answers.
    private func withServer<R: Sendable>(
        folder: TemporaryFolder,
        handle: @escaping @Sendable (HandoverRequest, @escaping HandoverServer.Reply) -> Void,
        _ body: @escaping @Sendable (any EventLoop, HandoverServer, RunSocket) -> EventLoopFuture<R>
    ) async throws -> R {
        let loop = self.group.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        return try await loop.flatSubmit {
            let server = HandoverServer(eventLoop: loop, socket: socket, handle: handle)
            let bound = NIOLoopBound(server, eventLoop: loop)
            return server.start().flatMap { body(loop, bound.value, socket) }
                .flatMap { value in bound.value.stop().map { value } }
        }.get()
    }

    @Test func aRequestIsAnsweredThroughAPathOfAnyLength() async throws {
        let folder = try TemporaryFolder(depth: 8)
        #expect(folder.path.utf8.count > 107)
        let result = try await self.withServer(folder: folder) { request, reply in
            var result = HandoverResult()
            if case .publish(let operations, _, _) = request {
                result.peer = operations.first
            }
            reply(.success(result))
        } _: { loop, _, socket in
            HandoverClient.connect(to: socket, eventLoop: loop).flatMap { client in
                client.value.send(.publish(operations: ["ab"], wait: 1, timeoutMilliseconds: 10))
            }
        }
        #expect(result.peer == "ab")
    }

    @Test func theHolderFinishesWhatItAcceptedBeforeItLeaves() async throws {
        let folder = try TemporaryFolder()
        let loop = self.group.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        let order = try await loop.flatSubmit {
            let pending = NIOLoopBoundBox<HandoverServer.Reply?>(nil, eventLoop: loop)
            let events = NIOLoopBoundBox<[String]>([], eventLoop: loop)
            let accepted = loop.makePromise(of: Void.self)
            let server = HandoverServer(eventLoop: loop, socket: socket) { _, reply in
                pending.value = reply
                accepted.succeed()
            }
            let bound = NIOLoopBound(server, eventLoop: loop)
            return server.start().flatMap { HandoverClient.connect(to: socket, eventLoop: loop) }
                .flatMap { client in
                    let answer = client.value.send(.peers)
                    answer.whenSuccess { _ in events.value.append("answered") }
                    return accepted.futureResult.flatMap {
                        let stopped = bound.value.stop()
                        stopped.whenSuccess { events.value.append("stopped") }
                        loop.execute { pending.value?(.success(HandoverResult())) }
                        return answer.and(stopped)
                    }.map { _ in withExtendedLifetime(client.value) { events.value } }
                }
        }.get()
        #expect(Set(order) == ["answered", "stopped"])
        #expect(access(folder.path + "/node.sock", F_OK) != 0)
    }

    @Test func aClientWhoseHolderVanishesIsCutOff() async throws {
        let folder = try TemporaryFolder()
        let loop = self.group.next()
        let socket = try #require(RunSocket(folder: folder.path, name: "node.sock"))
        await #expect(throws: HandoverClient.CutOff.self) {
            _ = try await loop.flatSubmit {
                ServerBootstrap(group: loop)
                    .childChannelInitializer { channel in
                        // A holder that says hello and dies at the next line.
                        channel.eventLoop.makeCompletedFuture {
                            let connection = LineConnection()
                            connection.onLine = { [unowned connection] bytes in
                                let line = try? HandoverLine(decoding: bytes)
                                if line?.method == "hello" {
                                    connection.write(
                                        HandoverLine(id: line?.id, result: HandoverResult()).encoded)
                                } else {
                                    connection.close()
                                }
                            }
                            try channel.pipeline.syncOperations.addHandler(connection)
                        }
                    }
                    .bind(unixDomainSocketPath: socket.path)
                    .flatMap { _ in HandoverClient.connect(to: socket, eventLoop: loop) }
                    .flatMap { client in
                        client.value.send(.peers).always { _ in withExtendedLifetime(client.value) {} }
                    }
            }.get()
        }
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":1,"method":"sign","params":{}}"#, HandoverError.Code.methodNotFound),
        (#"{"jsonrpc":"2.0","id":1,"method":"publish","params":{}}"#, HandoverError.Code.invalidParameters),
        (#"{"jsonrpc":"2.0","id":1}"#, HandoverError.Code.invalidRequest),
        (#"not json"#, HandoverError.Code.parseError),
    ])
    func whatIsNotInTheListIsRefused(line: String, code: Int) {
        #expect {
            _ = try HandoverRequest(HandoverLine(decoding: Array(line.utf8)))
        } throws: { error in
            (error as? HandoverError)?.code == code
        }
    }

    @Test func everyRequestSurvivesItsEncoding() throws {
        let requests: [HandoverRequest] = [
            .hello(version: 1), .publish(operations: ["00", "ff"], wait: 2, timeoutMilliseconds: 5), .follow,
            .peers,
            .sync(space: nil, ticket: nil, timeoutMilliseconds: 1),
            .sync(space: "aa", ticket: "t", timeoutMilliseconds: 2),
            .dial(address: "/ip4/127.0.0.1/tcp/1", timeoutMilliseconds: 3),
        ]
        for request in requests {
            #expect(try HandoverRequest(HandoverLine(decoding: request.line(id: 7).dropLast())) == request)
        }
    }

    @Test func oneHolderAtATimeAndTheNextOneAfterIt() throws {
        let folder = try TemporaryFolder()
        let first = try NodeLock(path: folder.path + "/node.lock")
        let second = try NodeLock(path: folder.path + "/node.lock")
        #expect(first.tryAcquire())
        #expect(!second.tryAcquire())
        first.release()
        #expect(second.tryAcquire())
    }

    @Test func theFolderReportsANewSocket() throws {
        let folder = try TemporaryFolder()
        let watch = try #require(RunFolderWatch(folder: folder.path))
        #expect(!watch.wait(milliseconds: 0))
        #expect(FileManager.default.createFile(atPath: folder.path + "/node.sock", contents: nil))
        #expect(watch.wait(milliseconds: 10_000))
    }
}
