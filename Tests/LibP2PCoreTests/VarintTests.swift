import LibP2PCore
import Testing

@Suite struct VarintTests {
    private static let encodings: [(UInt64, [UInt8])] = [
        (0, [0x00]), (1, [0x01]), (127, [0x7f]), (128, [0x80, 0x01]), (255, [0xff, 0x01]),
        (300, [0xac, 0x02]),
        (16_384, [0x80, 0x80, 0x01]),
        ((1 << 63) - 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    ]

    @Test(arguments: VarintTests.encodings)
    func valuesHaveOneEncoding(_ value: UInt64, _ bytes: [UInt8]) {
        #expect(Varint.encode(value) == bytes)
        #expect(Varint.size(of: value) == bytes.count)
        #expect(Varint.read(bytes + [0xff]) == .value(value, size: bytes.count))
        for size in 0..<bytes.count { #expect(Varint.read(bytes.prefix(size)) == .incomplete) }
    }

    private static let malformed: [[UInt8]] = [
        [0x80, 0x00], [0x81, 0x80, 0x00], [UInt8](repeating: 0xff, count: 9),
        [UInt8](repeating: 0x80, count: 9) + [1], [UInt8](repeating: 0xff, count: 9) + [0x7f],
    ]

    @Test(arguments: VarintTests.malformed)
    func overlongAndPaddedVarintsAreMalformed(_ bytes: [UInt8]) {
        #expect(Varint.read(bytes) == .malformed)
    }

    @Test func framesSurviveEveryCutAndTheirCapHolds() throws {
        let messages: [[UInt8]] = [[], [1], [UInt8](repeating: 7, count: 300), [9, 9]]
        let stream = messages.flatMap { FrameDecoder.frame($0) }
        for size in 1...stream.count {
            var decoder = FrameDecoder(maxFrameSize: 300)
            var read: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                decoder.append(stream[start..<min(start + size, stream.count)])
                while let frame = try decoder.next() { read.append(frame) }
            }
            #expect(read == messages)
            #expect(!decoder.isInFrame)
        }
        var small = FrameDecoder(maxFrameSize: 299)
        small.append(Varint.encode(300))
        #expect(throws: FrameDecoder.Failure.tooLarge(300)) { try small.next() }
        var malformed = FrameDecoder(maxFrameSize: 299)
        malformed.append([0x80, 0x00])
        #expect(throws: FrameDecoder.Failure.malformedLength) { try malformed.next() }
    }

    @Test func whatFollowsTheFramesIsHandedOver() throws {
        var decoder = FrameDecoder(maxFrameSize: 10)
        decoder.append([1, 5, 0x80, 0x80, 0x80])
        #expect(try decoder.next() == [5])
        #expect(decoder.takeRemainder() == [0x80, 0x80, 0x80])
        #expect(!decoder.isInFrame)
    }
}
