import LibP2PCore

/// A hello as it was read: sizes checked.
struct SyncHello {
    var methods: [String]
    var summary: SyncSummary?
    var pushed: Int
    var reconcile: Bool
    var stay: Bool
    var recordsHash: [UInt8]?
    /// Set by a responder only; nil in a bare hello, which means no more than "you are let in".
    var method: SyncMethod?
    var joining: Bool

    /// Returns nil when a field breaks its bound or a method has no name that is known.
    init?(_ message: PBSyncHello) {
        guard message.methods.count <= SyncLimits.maxMethodCount, message.pushed <= SyncLimits.maxPushCount
        else { return nil }
        if message.hasCount || message.hasFingerprint || message.hasHeadsHash {
            guard message.fingerprint.count == SetFingerprint.size,
                message.headsHash.count == OperationID.size
            else { return nil }
            self.summary = SyncSummary(
                count: message.count, fingerprint: message.fingerprint.octets,
                headsHash: message.headsHash.octets)
        }
        if message.hasMethod {
            guard let method = SyncMethod(rawValue: message.method) else { return nil }
            self.method = method
        }
        if message.hasRecordsHash {
            guard message.recordsHash.count == OperationID.size else { return nil }
            self.recordsHash = message.recordsHash.octets
        }
        self.methods = message.methods
        self.pushed = Int(message.pushed)
        self.reconcile = message.reconcile
        self.stay = message.stay
        self.joining = message.joining
    }
}
