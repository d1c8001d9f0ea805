import DescordCore
import DescordCrypto
import LibP2PCore
import Testing

/// The heartbeats of the snapshot submissions network: what is sent, and what is recognised.
@Suite struct PresenceHeartbeatTests {
    private func kind(_ text: String) -> PresenceHeartbeat.Kind? {
        PresenceHeartbeat(recognising: Array(text.utf8))?.kind
    }

    private func peer(_ seed: UInt8) throws -> PeerID {
        let bytes = SecretBytes([UInt8](repeating: seed, count: 32))
        let key = try #require(Ed25519.PrivateKey(seed: bytes))
        return PeerID(key.publicKey)
    }

    @Test func bothFormsAreSentAsTheNetworkDocumentsThem() throws {
        let peer = try self.peer(1)
        let time = WallTime(milliseconds: 1_763_600_000_999)
        let discovery = PresenceHeartbeat(kind: .discovery).encoded(from: peer, number: 7, at: time)
        #expect(
            String(decoding: discovery, as: UTF8.self)
                == #"{"epoch_id":0,"submissions":null,"snapshotter_id":"\#(peer)","#
                + #""signature":"heartbeat-discovery-7-1763600000"}"#)
        let submissions = PresenceHeartbeat(kind: .submissions).encoded(from: peer, number: 0, at: time)
        #expect(
            String(decoding: submissions, as: UTF8.self)
                == #"{"epoch_id":0,"submissions":[{"request":{"epoch_id":0,"#
                + #""project_id":"test:mesh-formation:local-collector","snapshot_cid":""}}],"#
                + #""snapshotter_id":"\#(peer)","signature":"heartbeat-submissions-0-1763600000"}"#)
        #expect(PresenceHeartbeat(recognising: discovery)?.kind == .discovery)
        #expect(PresenceHeartbeat(recognising: submissions)?.kind == .submissions)
    }

    @Test func theDocumentedFormsAreRecognised() {
        #expect(
            kind(
                """
                {
                  "epoch_id": 0,
                  "submissions": null,
                  "snapshotter_id": "...",
                  "signature": "heartbeat-discovery-..."
                }
                """) == .discovery)
        #expect(
            kind(
                """
                {
                  "epoch_id": 0,
                  "submissions": [{
                    "request": {
                      "epoch_id": 0,
                      "project_id": "test:mesh-formation:local-collector",
                      "snapshot_cid": ""
                    }
                  }],
                  "snapshotter_id": "...",
                  "signature": "heartbeat-submissions-..."
                }
                """) == .submissions)
    }

    @Test func theDeployedFormsAreRecognised() {
        #expect(
            kind(#"{"epoch_id":0,"submissions":null,"snapshotter_id":"12D3","signature":"aGVhcnRiZWF0"}"#)
                == .discovery)
        #expect(kind(#"{"epochId":0,"submissions":null,"snapshotterId":"12D3"}"#) == .discovery)
        // What is 0 or empty is left out there.
        #expect(
            kind(
                #"{"epoch_id":0,"submissions":[{"request":{"slotId":1,"deadline":9,"#
                    + #""projectId":"test:mesh-formation:local-collector"},"signature":"","dataMarket":""}],"#
                    + #""snapshotter_id":"12D3","signature":null}"#) == .submissions)
        #expect(
            kind(#"{"epoch_id":0,"submissions":[{"request":{"epochId":0,"snapshotCid":""}}]}"#)
                == .submissions)
    }

    @Test func submissionsAndEverythingElseAreNone() {
        for text in [
            #"{"epoch_id":1,"submissions":null}"#, #"{"epoch_id":0}"#, #"{"submissions":null}"#,
            #"{"epoch_id":"0","submissions":null}"#, #"{"epoch_id":0.0,"submissions":null}"#,
            #"{"epoch_id":-0,"submissions":null}"#, #"{"epoch_id":0,"submissions":[]}"#,
            #"{"epoch_id":0,"submissions":{}}"#, #"{"epoch_id":0,"submissions":[null]}"#,
            #"{"epoch_id":0,"submissions":[{}]}"#, #"{"epoch_id":0,"submissions":[{"request":null}]}"#,
            #"{"epoch_id":0,"submissions":[{"request":{"epochId":5}}]}"#,
            #"{"epoch_id":0,"submissions":[{"request":{"snapshotCid":"bafy"}}]}"#,
            #"{"epoch_id":0,"submissions":[{"request":{"snapshot_cid":null}}]}"#,
            #"{"epoch_id":0,"submissions":[{"request":{}},{"request":{}}]}"#,
            // Which of the two would count?
            #"{"epoch_id":0,"epoch_id":1,"submissions":null}"#,
            #"{"epoch_id":0,"submissions":null}x"#, #"{"epoch_id":0,"submissions":null"#, "", "null", "[]",
            #"{"epoch_id":0,"submissions":null,}"#,
        ] {
            #expect(kind(text) == nil, "\(text)")
        }
    }

    @Test func whatIsLongOrDeepIsNotLookedAt() {
        func padded(_ count: Int) -> String {
            #"{"epoch_id":0,"submissions":null,"signature":""# + String(repeating: "x", count: count) + "\"}"
        }
        let free = PresenceHeartbeat.maxSize - padded(0).utf8.count
        #expect(kind(padded(free)) == .discovery)
        #expect(kind(padded(free + 1)) == nil)
        func nested(_ depth: Int) -> String {
            #"{"epoch_id":0,"submissions":null,"x":"# + String(repeating: "[", count: depth)
                + String(repeating: "]", count: depth) + "}"
        }
        #expect(kind(nested(BoundedJSON.depthMax)) == .discovery)
        #expect(kind(nested(BoundedJSON.depthMax + 1)) == nil)
        #expect(PresenceHeartbeat(recognising: [0xFF, 0xFE]) == nil)
    }
}

@Suite struct BoundedJSONTests {
    private func read(_ text: String) -> BoundedJSON? { BoundedJSON(Array(text.utf8), maxSize: 1_000) }

    @Test func valuesAreRead() {
        #expect(read(" null ") == .null)
        #expect(read("[true,false]") == .array([.bool(true), .bool(false)]))
        #expect(read("-1.5e+3") == .number("-1.5e+3"))
        #expect(read(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\udc4d""#) == .string("a\"\\/\u{8}\u{C}\n\r\té👍"))
        #expect(read(#"{"a":{"b":1}}"#)?["a"]?["b"] == .number("1"))
        #expect(read(#"{"a":1}"#)?["x", "a"] == .number("1"))
    }

    @Test func whatIsNoJSONIsRefused() {
        for text in [
            "nul", "truee", "01", "+1", "1.", ".5", "1e", "--1", "[1,]", "[1 2]", "{a:1}", #"{"a" 1}"#,
            #"{"a":1"#,
            #""a"#, "\"\n\"", #""\x""#, #""\u12""#, #""\ud83d""#, #""\ud83dx""#, #""\udc4d""#, "1 1", "[",
            "]",
            #"{"a":1,"a":1}"#,
        ] {
            #expect(read(text) == nil, "\(text)")
        }
    }

    @Test func noMutationOfAHeartbeatIsEverATrap() {
        var prng = PRNG(seed: suiteSeed)
        let original = Array(
            #"{"epoch_id":0,"submissions":[{"request":{"epoch_id":0,"snapshot_cid":"\u00e9"}}]}"#.utf8)
        var recognised = 0
        let count = 2_000 * suiteScale
        for _ in 0..<count {
            var bytes = original
            for _ in 0...Int(prng.next() % 3) {
                bytes[Int(prng.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: prng.next())
            }
            if prng.next() % 4 == 0 { bytes.removeLast(Int(prng.next() % UInt64(bytes.count))) }
            if PresenceHeartbeat(recognising: bytes) != nil { recognised += 1 }
        }
        print("presence heartbeats: \(count) mutated, \(recognised) recognised, seed \(suiteSeed)")
        #expect(recognised < count)
    }
}

@Suite struct PresenceRateTests {
    private func peers(_ count: Int) throws -> [PeerID] {
        try (0..<count).map { number in
            var seed = [UInt8](repeating: 0, count: 32)
            seed[0] = UInt8(number & 0xFF)
            seed[1] = UInt8(number >> 8)
            return PeerID(try #require(Ed25519.PrivateKey(seed: SecretBytes(seed))).publicKey)
        }
    }

    @Test func anAuthorsHeartbeatsAreTakenOnceInAnInterval() throws {
        let peers = try self.peers(2)
        var rates = PresenceRates(interval: .seconds(5))
        func taken(_ peer: Int, _ milliseconds: Int64, _ kind: PresenceHeartbeat.Kind = .discovery) -> Bool {
            rates.take(kind, from: peers[peer], now: .zero + .milliseconds(milliseconds))
        }
        let first = taken(0, 0)
        let again = taken(0, 4_999)
        // Another's, and the other kind of the same author's, are their own.
        let other = taken(1, 10)
        let kind = taken(0, 20, .submissions)
        let later = taken(0, 5_000)
        let refused = taken(0, 9_999)
        #expect(first && !again && other && kind && later && !refused)
    }

    @Test func aCrowdOfKeysIsBounded() throws {
        let peers = try self.peers(PresenceRates.maxCount + 1)
        var rates = PresenceRates(interval: .seconds(5))
        var count = 0
        for peer in peers where rates.take(.discovery, from: peer, now: .zero) { count += 1 }
        #expect(count == PresenceRates.maxCount)
        let last = peers[PresenceRates.maxCount]
        let isTakenLater = rates.take(.discovery, from: last, now: .zero + .seconds(5))
        #expect(isTakenLater)
    }
}
