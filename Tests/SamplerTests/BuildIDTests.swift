import TestKit
import Testing

@testable import Sampler

struct BuildIDTests {
    @Test(arguments: 0...20) func hexadecimal(count: Int) {
        var generator = SeededGenerator(UInt64(count))
        let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(BuildID(bytes).hexadecimal == text)
        #expect(BuildID(bytes) == BuildID(Array(bytes)))
    }

    /// Zeros at the end are part of an id; what is longer than 20 bytes is cut.
    @Test func lengths() {
        #expect(BuildID([1, 2, 0]) != BuildID([1, 2]))
        #expect(BuildID([UInt8](repeating: 7, count: 40)) == BuildID([UInt8](repeating: 7, count: 20)))
    }
}
