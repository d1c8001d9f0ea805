import NIOCore

/// One end of the hand-over socket: lines in, lines out.
///
/// Confined to the loop of its channel. A line over the bound closes the connection, and so does an other end
/// that does not read what it asked for.
final class LineConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Called with each line, without its newline.
    var onLine: (([UInt8]) -> Void)?
    /// Called once, when the connection is gone.
    var onClosed: (() -> Void)?

    /// The most bytes that wait to be read by the other end: four of the longest lines.
    static let maxUnsentSize = 4 * HandoverRequest.maxLineSize

    private var buffer: [UInt8] = []
    private var unsentSize = 0
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.end()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        guard let chunk = bytes.readBytes(length: bytes.readableBytes) else { return }
        var start = chunk.startIndex
        while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            self.buffer.append(contentsOf: chunk[start..<end])
            start = end + 1
            guard self.buffer.count <= HandoverRequest.maxLineSize else { break }
            let line = self.buffer
            self.buffer = []
            self.onLine?(line)
        }
        self.buffer.append(contentsOf: chunk[start...])
        if self.buffer.count > HandoverRequest.maxLineSize { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Writes a line that carries its newline.
    func write(_ line: [UInt8]) {
        guard let context = self.context else { return }
        self.unsentSize += line.count
        guard self.unsentSize <= Self.maxUnsentSize else { return context.close(promise: nil) }
        var buffer = context.channel.allocator.buffer(capacity: line.count)
        buffer.writeBytes(line)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.unsentSize -= line.count }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: written)
    }

    /// Closes the connection after what was written.
    func close() {
        self.context?.close(promise: nil)
    }

    private func end() {
        let closed = self.onClosed
        self.onClosed = nil
        self.onLine = nil
        closed?()
    }
}
