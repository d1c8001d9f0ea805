import DescordCrypto
import LibP2PCore
import Testing

@testable import LibP2P

private let fixture = GossipSubFixture.self

@Suite struct GossipSubSigningTests {
    /// Returns `message` with other parts.
    private func changed(
        _ message: Message, from: [UInt8]?? = nil, data: [UInt8]?? = nil, seqno: [UInt8]?? = nil,
        topic: Topic? = nil, signature: [UInt8]?? = nil, key: [UInt8]?? = nil
    ) -> Message {
        Message(
            from: from ?? message.from, data: data ?? message.data, seqno: seqno ?? message.seqno,
            topic: topic ?? message.topic, signature: signature ?? message.signature, key: key ?? message.key)
    }

    @Test func signedMessageVerifiesAndOmitsTheKey() {
        let message = fixture.message("hi", seqno: 0x0102_0304_0506_0708)
        #expect(message.verify() == nil)
        #expect(message.key == nil)
        #expect(message.from == fixture.peer(100).bytes)
        #expect(message.seqno == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(message.sequenceNumber == 0x0102_0304_0506_0708)
        #expect(message.author == fixture.peer(100))
    }

    @Test func signedBytesAreTheDomainAndTheMessageWithoutSignatureAndKey() {
        let message = fixture.message("hi", topic: "t", seqno: 1)
        let expected =
            Array("libp2p-pubsub:".utf8) + [0x0a, 38] + fixture.peer(100).bytes + [0x12, 2] + Array("hi".utf8)
            + [0x1a, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0x22, 1] + Array("t".utf8)
        #expect(message.signedBytes == expected)
        #expect(changed(message, key: [1, 2]).signedBytes == expected)
    }

    @Test func keyThatIsIncludedIsAccepted() {
        let message = fixture.message()
        let key = PublicKey(fixture.key(100).publicKey).encoded
        #expect(changed(message, key: key).verify() == nil)
    }

    @Test func everyChangeOfASignedFieldIsRefused() {
        let message = fixture.message()
        #expect(changed(message, data: Array("hullo".utf8)).verify() == .badSignature)
        #expect(changed(message, topic: "u").verify() == .badSignature)
        #expect(changed(message, seqno: [0, 0, 0, 0, 0, 0, 0, 2]).verify() == .badSignature)
        #expect(changed(message, from: fixture.peer(101).bytes).verify() == .badSignature)
        #expect(changed(message, signature: [UInt8](repeating: 0, count: 64)).verify() == .badSignature)
        #expect(changed(message, signature: [1]).verify() == .badSignature)
    }

    @Test func presentButEmptyDataIsNotAbsentData() {
        let key = fixture.key(100)
        let empty = Message.signed(topic: "t", data: [], seqno: 1, by: key)
        #expect(empty.verify() == nil)
        #expect(changed(empty, data: .some(nil)).verify() == .badSignature)
    }

    @Test func unknownFieldsArePartOfWhatIsSigned() throws {
        let key = fixture.key(100)
        let extra: [UInt8] = [0x9a, 0x06, 3, 1, 2, 3]
        let draft = Message(
            from: PeerID(key.publicKey).bytes, data: [1], seqno: [0, 0, 0, 0, 0, 0, 0, 9], topic: "t",
            signature: nil, key: nil, unknownFields: extra)
        let signed = Message(
            from: draft.from, data: draft.data, seqno: draft.seqno, topic: "t",
            signature: key.signature(for: draft.signedBytes), key: nil, unknownFields: extra)
        let received = try #require(RPC(decoding: RPC(messages: [signed]).encoded).messages.first)
        #expect(received.verify() == nil)
        #expect(received.unknownFields == extra)
        // A field that somebody adds on the way breaks the signature.
        let plain = fixture.message()
        let padded = Message(
            from: plain.from, data: plain.data, seqno: plain.seqno, topic: plain.topic,
            signature: plain.signature,
            key: nil, unknownFields: extra)
        #expect(padded.verify() == .badSignature)
    }

    @Test(arguments: [0, 1, 7, 9, 16])
    func sequenceNumberMustBeEightBytes(size: Int) {
        let message = fixture.message()
        #expect(
            changed(message, seqno: [UInt8](repeating: 1, count: size)).verify() == .malformedSequenceNumber)
        #expect(changed(message, seqno: .some(nil)).verify() == .malformedSequenceNumber)
    }

    @Test func keyOfAnotherPeerIsRefused() {
        let message = fixture.message()
        #expect(changed(message, key: PublicKey(fixture.key(101).publicKey).encoded).verify() == .keyMismatch)
        #expect(changed(message, key: []).verify() == .keyMismatch)
    }

    @Test func missingPartsAreNamed() {
        let message = fixture.message()
        #expect(changed(message, signature: .some(nil)).verify() == .missingSignature)
        #expect(changed(message, from: .some(nil)).verify() == .malformedAuthor)
        #expect(changed(message, from: [1, 2, 3]).verify() == .malformedAuthor)
    }

    @Test func authorWithAnotherKindOfKeyIsNobodysFault() throws {
        let author = try #require(PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: 3, count: 32)))
        #expect(changed(fixture.message(), from: author.bytes).verify() == .unsupportedKey)
    }

    @Test func idsAreThoseOfTheImplementationsTheyAreNamedFor() {
        let message = fixture.message("x", seqno: 258)
        let from = fixture.peer(100)
        #expect(MessageIDFunction.go.id(of: message).bytes == from.bytes + [0, 0, 0, 0, 0, 0, 1, 2])
        #expect(MessageIDFunction.rust.id(of: message).bytes == Array("\(from)258".utf8))
        #expect(
            MessageIDFunction.js.id(of: message).bytes
                == PublicKey(fixture.key(100).publicKey).encoded + [0, 0, 0, 0, 0, 0, 1, 2])
        #expect(MessageIDFunction.nim.id(of: message).bytes == Array("0000000000000102\(from)".utf8))
        #expect(MessageIDFunction.contentHash.id(of: message).bytes == SHA256.hash(Array("x".utf8)))
        #expect(MessageIDFunction.custom { _ in MessageID([9]) }.id(of: message).bytes == [9])
    }
}
