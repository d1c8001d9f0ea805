import DescordCrypto
import LibP2PCore
import Testing

@testable import DescordCore

@Suite struct NameTests {
    @Test func namesAreComposedAndBounded() throws {
        #expect(try SpaceName(parsing: "Test Space").text == "Test Space")
        #expect(
            Array(try ChannelName(parsing: "u\u{308}ber").text.unicodeScalars)
                == Array("\u{fc}ber".unicodeScalars))
        #expect(try ChannelName(parsing: "general-2_x.y").text == "general-2_x.y")
        #expect(try ChannelName(parsing: "日本").text == "日本")
        #expect(try SpaceName(parsing: String(repeating: "ä", count: 64)).text.unicodeScalars.count == 64)
        #expect(throws: NameFailure.tooLong) { try SpaceName(parsing: String(repeating: "ä", count: 65)) }
        #expect(throws: NameFailure.tooLong) {
            try SpaceName(parsing: String(repeating: "a", count: 1_000_000))
        }
    }

    @Test func namesThatHurtAShellOrATerminalAreRefused() {
        for text in [
            "$(touch x)", "`x`", "a b", "a;b", "a'b", "a\"b", "a\\b", "*", "a&b", "~", "a\u{301}\u{301}", "",
            "a\u{7f}", "a\u{202e}b", "#x", "a/b", "-x", "!x", "a\u{200b}", "{a,b}", "👍",
        ] {
            #expect(throws: NameFailure.self, "\(text.debugDescription)") { try ChannelName(parsing: text) }
        }
        for text in [
            "", " ", "\u{a0}", " a", "a ", "-x", "a/b", "a\nb", "a\u{1b}[31m", "a\u{85}", "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200f}", "a\u{2028}b", "\u{feff}a", "a\u{61c}",
        ] {
            #expect(throws: NameFailure.self, "\(text.debugDescription)") { try SpaceName(parsing: text) }
        }
    }
}

@Suite struct KeyFileTests {
    static let cheap = KeyFile.Derivation(operations: 1, memoryBytes: 8_192)
    static let salt = [UInt8](repeating: 3, count: 16)
    static let nonce = [UInt8](repeating: 4, count: 24)

    static func file(_ passphrase: String?) throws -> ([UInt8], KeyFile) {
        var prng = PRNG(seed: 6)
        let file = KeyFile(
            seed: SecretBytes(prng.octets(32)), databaseKey: SecretBytes(prng.octets(32)),
            rejoinPSK: SecretBytes(prng.octets(32)))
        let bytes = try file.encoded(
            passphrase: passphrase.map { SecretBytes($0.utf8) }, derivation: Self.cheap, salt: Self.salt,
            nonce: Self.nonce)
        return (bytes, file)
    }

    @Test func whatWasWrittenOpens() throws {
        for passphrase in [nil, "correct horse"] {
            let (bytes, file) = try Self.file(passphrase)
            let isEncrypted = try KeyFile.isEncrypted(bytes)
            #expect(bytes.count == KeyFile.size && isEncrypted == (passphrase != nil))
            let read = try KeyFile(decoding: bytes, passphrase: passphrase.map { SecretBytes($0.utf8) })
            #expect(read.seed.isEqual(to: file.seed) && read.databaseKey.isEqual(to: file.databaseKey))
            #expect(read.rejoinPSK.isEqual(to: file.rejoinPSK))
        }
    }

    @Test func wrongPassphraseAndDamageAreToldApart() throws {
        let (plain, _) = try Self.file(nil)
        let (sealed, _) = try Self.file("a")
        #expect(throws: KeyFileFailure.passphraseNeeded) { try KeyFile(decoding: sealed, passphrase: nil) }
        #expect(throws: KeyFileFailure.wrongPassphrase) {
            try KeyFile(decoding: sealed, passphrase: SecretBytes("b".utf8))
        }
        #expect(throws: KeyFileFailure.damaged) { try KeyFile(decoding: sealed.dropLast(), passphrase: nil) }
        #expect(throws: KeyFileFailure.notAKeyFile) { try KeyFile(decoding: [], passphrase: nil) }
        #expect(throws: KeyFileFailure.unsupportedVersion(2)) {
            try KeyFile(decoding: KeyFile.magic + [2], passphrase: nil)
        }
        for index in plain.indices {
            var damaged = plain
            damaged[index] ^= 1
            #expect(throws: KeyFileFailure.self) { try KeyFile(decoding: damaged, passphrase: nil) }
        }
    }

    @Test func hostileParametersAreRefusedBeforeAnyWork() throws {
        var (bytes, _) = try Self.file("a")
        bytes[12] = 9
        #expect(throws: KeyFileFailure.excessiveParameters) {
            try KeyFile(decoding: bytes, passphrase: SecretBytes("a".utf8))
        }
        bytes[12] = 1
        bytes[17] = 0x40
        bytes[20] = 1  // 1 GiB and one byte
        #expect(throws: KeyFileFailure.excessiveParameters) {
            try KeyFile(decoding: bytes, passphrase: SecretBytes("a".utf8))
        }
    }
}

@Suite struct InviteTests {
    static func ticket() -> (Ticket, Ed25519.PrivateKey) {
        var prng = PRNG(seed: 8)
        let inviter = prng.key()
        let addresses = (0..<10).map { Multiaddr(parsing: "/ip4/127.0.0.1/tcp/\(4_000 + $0)")! }
        let peers = (0..<6).map { _ in Ticket.Peer(id: PeerID(prng.key().publicKey), addresses: addresses) }
        return (
            Ticket(
                space: OperationID(bytes: prng.octets(32))!, spaceName: "ops",
                invite: OperationID(bytes: prng.octets(32))!,
                key: prng.key(), peers: peers, signedBy: inviter), inviter
        )
    }

    @Test func bech32mMatchesItsVectors() {
        #expect(Bech32m.encode([], prefix: "a") == "a1lqfn3a")
        #expect(Bech32m.decode("A1LQFN3A", prefix: "a") == [])
        #expect(Bech32m.decode("a1lqfn3A", prefix: "a") == nil)
        let text = "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx"
        let bytes = Bech32m.decode(text, prefix: "abcdef")
        #expect(bytes?.count == 20)
        #expect(bytes.map { Bech32m.encode($0, prefix: "abcdef") } == text)
    }

    @Test func ticketsReadBackWithinTheirBounds() throws {
        let (ticket, inviter) = Self.ticket()
        let read = try Ticket(parsing: " \(ticket.text)\n")
        #expect(read.space == ticket.space && read.invite == ticket.invite && read.spaceName == "ops")
        #expect(read.inviter == inviter.publicKey && read.peers == ticket.peers)
        #expect(read.peers.count == 5 && read.peers.allSatisfy { $0.addresses.count == 8 })
        #expect(read.key.publicKey == ticket.key.publicKey)
        #expect(try Ticket(parsing: ticket.text.uppercased()).space == ticket.space)
    }

    @Test func damagedTicketsAreRefused() {
        let (ticket, _) = Self.ticket()
        let text = Array(ticket.text)
        for index in text.indices {
            var damaged = text
            damaged[index] = damaged[index] == "q" ? "p" : "q"
            #expect(throws: TicketFailure.self) { try Ticket(parsing: String(damaged)) }
        }
        #expect(throws: TicketFailure.damaged) { try Ticket(parsing: String(text.dropLast())) }
        #expect(throws: TicketFailure.notATicket) { try Ticket(parsing: "hello") }
        // A good checksum over a forged signature.
        var bytes = Bech32m.decode(ticket.text, prefix: "descord")!
        bytes[bytes.count - 1] ^= 1
        #expect(throws: TicketFailure.damaged) {
            try Ticket(parsing: Bech32m.encode(bytes, prefix: "descord"))
        }
    }

    @Test func joinSignaturesNameTheKeyAndTheConnection() {
        var prng = PRNG(seed: 10)
        let (ticket, _) = Self.ticket()
        var joiner = Author(seed: 11)
        joiner.space = ticket.space
        let other = prng.key().publicKey
        let hash = prng.octets(32)
        let key = ticket.key.publicKey
        let proof = JoinProof.forConnection(
            space: ticket.space, invite: ticket.invite, joiner: joiner.publicKey, handshakeHash: hash,
            by: ticket.key)
        func isValid(_ joiner: Ed25519.PublicKey, _ hash: [UInt8]) -> Bool {
            JoinProof.isValid(
                proof, space: ticket.space, invite: ticket.invite, joiner: joiner, handshakeHash: hash,
                key: key)
        }
        #expect(isValid(joiner.publicKey, hash) && !isValid(other, hash))
        #expect(!isValid(joiner.publicKey, prng.octets(32)) && !isValid(joiner.publicKey, []))
        let signature = JoinProof.forOperation(
            space: ticket.space, invite: ticket.invite, joiner: joiner.publicKey, by: ticket.key)
        let join = joiner.authority(
            MemberJoin(invite: ticket.invite, signature: signature), links: [ticket.space])
        #expect(JoinProof.isValid(join, key: key) && !JoinProof.isValid(join, key: other))
        var thief = Author(seed: 12)
        thief.space = ticket.space
        let stolen = thief.authority(
            MemberJoin(invite: ticket.invite, signature: signature), links: [ticket.space])
        #expect(!JoinProof.isValid(stolen, key: key))
    }
}
