import LibP2PCore
import Testing

@Suite struct MultibaseTests {
    @Test(arguments: [
        ("", ""), ("61", "2g"), ("626262", "a3gV"), ("00", "1"), ("0000287fb4cd", "11233QC4"),
        ("73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"),
        ("48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"),
    ])
    func base58HasTheKnownVectors(_ hex: String, _ text: String) throws {
        let bytes = try #require(Multibase.decodeHex(hex))
        #expect(Multibase.base58(bytes) == text)
        #expect(Multibase.decodeBase58(text) == bytes)
    }

    /// RFC 4648, section 10, in lower case and without padding.
    @Test(arguments: [
        ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"),
        ("foobar", "mzxw6ytboi"),
    ])
    func base32HasTheVectorsOfItsRFC(_ plain: String, _ text: String) {
        #expect(Multibase.base32(Array(plain.utf8)) == text)
        #expect(Multibase.decodeBase32(text) == Array(plain.utf8))
    }

    @Test(arguments: ["0", "O", "I", "l", "a b", "é"])
    func charactersOutsideBase58AreRefused(_ text: String) {
        #expect(Multibase.decodeBase58(text) == nil)
    }

    @Test(arguments: ["m", "mzx", "mz1", "MY", "my======", "mz", "mzxw6z"])
    func strayBitsAndCharactersAreRefusedInBase32(_ text: String) {
        #expect(Multibase.decodeBase32(text) == nil)
    }

    @Test func textsAreBounded() {
        #expect(Multibase.decodeBase58(String(repeating: "1", count: 1_024))?.count == 1_024)
        #expect(Multibase.decodeBase58(String(repeating: "1", count: 1_025)) == nil)
        #expect(Multibase.decodeBase32(String(repeating: "a", count: 1_025)) == nil)
    }

    @Test func prefixesChooseTheBase() {
        #expect(Multibase.decode("z2g") == [0x61])
        #expect(Multibase.decode("bmy") == [0x66])
        #expect(Multibase.decode("f6F") == [0x6f])
        #expect(Multibase.decode("") == nil)
        #expect(Multibase.decode("mYQ") == nil)
    }

    @Test func everythingRandomComesBack() {
        var prng = PRNG(seed: 11)
        for _ in 0..<500 {
            let bytes = (0..<prng.below(60)).map { _ in UInt8(prng.below(4) == 0 ? 0 : prng.below(256)) }
            #expect(Multibase.decodeBase58(Multibase.base58(bytes)) == bytes)
            #expect(Multibase.decodeBase32(Multibase.base32(bytes)) == bytes)
            #expect(Multibase.decodeHex(Multibase.hex(bytes)) == bytes)
        }
    }
}
