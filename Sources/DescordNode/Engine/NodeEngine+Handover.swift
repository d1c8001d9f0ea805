import DescordCore
import DescordStore
import LibP2PCore
import LibP2PHost
import NIOCore

extension NodeEngine {
    /// Answers what another invocation of this home asks.
    func answer(_ request: HandoverRequest, reply: @escaping HandoverServer.Reply) {
        switch request {
        case .hello, .follow: preconditionFailure("the server answers these")
        case .publish(let operations, let wait, let timeout):
            self.answerPublish(operations, wait: wait, timeout: timeout, reply: reply)
        case .peers:
            reply(
                Result {
                    var result = HandoverResult()
                    result.peers = try self.peerStatuses()
                    return result
                }.mapError { Self.failure($0) })
        case .sync(let space, let ticket, let timeout):
            self.answerSync(space, ticket: ticket, timeout: timeout, reply: reply)
        case .fetch(let text, let timeout):
            guard let message = OperationID(hex: text) else { return reply(.failure(.invalid("message"))) }
            self.fetchFiles(of: message, deadline: .now() + .milliseconds(Int64(timeout)), dials: true)
                .whenComplete { result in
                    reply(result.map { HandoverResult() }.mapError { Self.failure($0) })
                }
        case .dial(let text, let timeout):
            guard let address = Multiaddr(parsing: text) else { return reply(.failure(.invalid("address"))) }
            self.dialTyped(address, deadline: .milliseconds(timeout)).whenComplete { result in
                reply(
                    result.map { connection in
                        var result = HandoverResult()
                        result.peer = connection.peer.description
                        return result
                    }.mapError {
                        HandoverError(
                            code: HandoverError.Code.failed, message: "\($0)", reason: "unreachable")
                    })
            }
        }
    }

    private func answerPublish(
        _ operations: [String], wait: Int, timeout: Int, reply: @escaping HandoverServer.Reply
    ) {
        let ids = operations.compactMap { OperationID(hex: $0) }
        guard ids.count == operations.count, let first = ids.first else {
            return reply(.failure(.invalid("operations")))
        }
        do {
            guard let operation = try self.store.operation(first) else {
                return reply(.failure(.invalid("operations")))
            }
            // A space that another invocation made while this node was running.
            for held in try self.store.heldSpaces() where held.id == operation.space { try self.enter(held) }
            let arrival = try self.store.newestArrival()
            self.onArrival?(arrival)
            self.publish(
                ids, in: operation.space, waitingFor: wait, deadline: .now() + .milliseconds(Int64(timeout))
            ).whenComplete { result in
                reply(
                    result.map { publication in
                        var result = HandoverResult()
                        result.publication = HandoverResult.Publication(publication)
                        return result
                    }.mapError { Self.failure($0) })
            }
        } catch {
            reply(.failure(Self.failure(error)))
        }
    }

    private func answerSync(
        _ space: String?, ticket: String?, timeout: Int, reply: @escaping HandoverServer.Reply
    ) {
        let deadline = NIODeadline.now() + .milliseconds(Int64(timeout))
        if let text = ticket {
            let request: JoinRequest
            // The caller parsed it too, and explains what is wrong.
            if let ticket = try? Ticket(parsing: text) {
                request = .ticket(ticket)
            } else if let id = OperationID(hex: text) {
                request = .space(id)
            } else {
                return reply(.failure(.invalid("ticket")))
            }
            self.join(request, deadline: deadline).whenComplete { result in
                reply(
                    result.map { outcome in
                        var result = HandoverResult()
                        result.join = HandoverResult.Join(outcome)
                        return result
                    }.mapError { Self.failure($0) })
            }
            return
        }
        let id = space.flatMap { OperationID(hex: $0) }
        guard (space == nil) == (id == nil) else { return reply(.failure(.invalid("space"))) }
        self.reconcile(id, deadline: deadline, handedOver: true).whenComplete { result in
            reply(
                result.map { reports in
                    var result = HandoverResult()
                    result.syncs = reports
                    return result
                }.mapError { Self.failure($0) })
        }
    }

    private static func failure(_ error: any Error) -> HandoverError {
        let reason: String? =
            switch error as? StoreError {
            case .full: "disk_full"
            case .busy, .readOnly, .failed: "io"
            case .corrupt: "database_unreadable"
            default: nil
            }
        return HandoverError(code: HandoverError.Code.failed, message: "\(error)", reason: reason)
    }
}

extension HandoverError {
    fileprivate static func invalid(_ parameter: String) -> HandoverError {
        HandoverError(code: Code.invalidParameters, message: "\(parameter) cannot be read")
    }
}
