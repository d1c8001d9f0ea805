extension RPC {
    /// Splits into RPCs of at most `maxSize` bytes, in order: announcements, messages, then control.
    ///
    /// What does not fit into an RPC of its own is dropped and counted.
    public func fragments(maxSize: Int) -> (fragments: [RPC], dropped: Int) {
        if self.encodedSize <= maxSize { return (self.isEmpty ? [] : [self], 0) }
        var packer = Packer(maxSize: maxSize)
        if let extensions = self.extensions {
            // They belong into the first RPC of a stream.
            packer.addControl(WireWriter.size(bytes: extensions.encodedSize)) { $0.extensions = extensions }
        }
        if self.isExtensionTest {
            packer.add(WireWriter.size(tag: Extensions.testExtensionField) + 1) { $0.isExtensionTest = true }
        }
        for subscription in self.subscriptions {
            packer.add(WireWriter.size(bytes: subscription.encodedSize)) {
                $0.subscriptions.append(subscription)
            }
        }
        for message in self.messages {
            packer.add(message.encodedSizeInRPC) { $0.messages.append(message) }
        }
        for topic in self.graft {
            let size = WireWriter.size(bytes: WireWriter.size(bytes: topic.bytes.count))
            packer.addControl(size) { $0.graft.append(topic) }
        }
        for prune in self.prune {
            var prune = prune
            // Better told without other peers than not told.
            if WireWriter.size(bytes: prune.encodedSize) > maxSize / 2 { prune.peers = [] }
            packer.addControl(WireWriter.size(bytes: prune.encodedSize)) { $0.prune.append(prune) }
        }
        for have in self.ihave {
            let topicSize = WireWriter.size(bytes: have.topic.bytes.count)
            for chunk in packer.chunks(of: have.ids, besides: topicSize) {
                let part = IHave(have.topic, ids: chunk)
                packer.addControl(WireWriter.size(bytes: part.encodedSize)) { $0.ihave.append(part) }
            }
        }
        for chunk in packer.chunks(of: self.iwant, besides: 0) {
            packer.addControl(Self.size(ofIDs: chunk) + Packer.headerMax) { $0.iwant += chunk }
        }
        for chunk in packer.chunks(of: self.idontwant, besides: 0) {
            packer.addControl(Self.size(ofIDs: chunk) + Packer.headerMax) { $0.idontwant += chunk }
        }
        return packer.finish()
    }

    /// Fills RPCs up to a size, one item after another.
    private struct Packer {
        /// A tag and the length of anything below 2²⁸ bytes.
        static let headerMax = 5

        let maxSize: Int
        private var fragments: [RPC] = []
        private var current = RPC()
        private var size = 0
        private var controlSize = 0
        private var dropped = 0

        init(maxSize: Int) {
            self.maxSize = maxSize
        }

        mutating func add(_ size: Int, _ append: (inout RPC) -> Void) {
            guard size <= self.maxSize else {
                self.dropped += 1
                return
            }
            if self.total(size, 0) > self.maxSize { self.cut() }
            self.size += size
            append(&self.current)
        }

        mutating func addControl(_ size: Int, _ append: (inout RPC) -> Void) {
            guard WireWriter.size(bytes: size) <= self.maxSize else {
                self.dropped += 1
                return
            }
            if self.total(0, size) > self.maxSize { self.cut() }
            self.controlSize += size
            append(&self.current)
        }

        /// Cuts a list of ids so that each part fits into an RPC of its own.
        func chunks(of ids: [MessageID], besides: Int) -> [[MessageID]] {
            let room = self.maxSize - besides - 3 * Self.headerMax
            var chunks: [[MessageID]] = []
            var chunk: [MessageID] = []
            var size = 0
            for id in ids {
                let idSize = WireWriter.size(bytes: id.bytes.count)
                if size + idSize > room, !chunk.isEmpty {
                    chunks.append(chunk)
                    chunk = []
                    size = 0
                }
                chunk.append(id)
                size += idSize
            }
            if !chunk.isEmpty { chunks.append(chunk) }
            return chunks
        }

        mutating func finish() -> (fragments: [RPC], dropped: Int) {
            self.cut()
            return (self.fragments, self.dropped)
        }

        private func total(_ size: Int, _ controlSize: Int) -> Int {
            let control = self.controlSize + controlSize
            return self.size + size + (control == 0 ? 0 : WireWriter.size(bytes: control))
        }

        private mutating func cut() {
            if !self.current.isEmpty { self.fragments.append(self.current) }
            self.current = RPC()
            self.size = 0
            self.controlSize = 0
        }
    }
}
