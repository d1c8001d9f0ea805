import DescordCore
import DescordStore
import LibP2PCore
import Testing

@testable import DescordNode

/// Batches are verified on several threads, and come out as if they were not.
@Suite struct BatchVerificationTests {
    @Test func everyPlaceHasItsOwnVerdict() throws {
        let home = try TestHome()
        let (space, channel) = try home.makeSpace()
        let topic = SpaceTopic.name(of: space)
        let operations = try (0..<150).map { number in
            try home.store.post("\(number)", channel: channel, in: space).operation
        }
        var forms: [IngestPipeline.Form] = []
        for (place, operation) in operations.enumerated() {
            var bytes = operation.encoded
            if place % 7 == 3 { bytes[bytes.count - 1] ^= 1 }
            forms.append(.gossip(bytes, topic: place % 11 == 5 ? "space/0000000000000000" : topic))
        }
        for count in [0, 1, 31, 63, 64, 97, 150] {
            let found = BatchVerification.verify(Array(forms.prefix(count))) { _ in true }
            #expect(found.count == count)
            for (place, verification) in found.enumerated() {
                switch verification {
                case .refused: #expect(place % 7 == 3)
                case .foreign: #expect(place % 7 != 3 && place % 11 == 5)
                case .verified(let operation):
                    #expect(place % 7 != 3 && place % 11 != 5)
                    #expect(operation.id == operations[place].id)
                }
            }
        }
    }
}
