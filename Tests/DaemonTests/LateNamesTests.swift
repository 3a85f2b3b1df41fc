import Model
import Testing

@testable import hearthd

@Suite struct LateNamesTests {
    private let module = ModuleID(rawValue: 77)
    private let named = FrameName.lines([SourceLine(function: "f", systemName: "f")])

    @Test("only what has no name is asked again, and only after the map has grown")
    func growth() {
        var late = LateNames()
        let names: [(UInt64, FrameName)] = [(1, named), (2, .unnamed(.noSymbol)), (3, .unnamed(.quarantined))]
        late.note(names, of: module, size: 10)
        late.retry(size: { _ in 10 }) { _, _ in
            Issue.record("the map has not grown")
            return []
        }
        var asked: [UInt64] = []
        late.retry(size: { _ in 20 }) { _, addresses in
            asked = addresses
            return addresses.map { _ in named }
        }
        #expect(asked == [2])
        #expect(late.count == 0)
    }

    @Test("what still has no name waits for the next growth, not for ever")
    func patience() {
        var late = LateNames()
        late.note([(2, .unnamed(.jit))], of: module, size: 0)
        late.retry(size: { _ in 20 }) { _, _ in [.unnamed(.noSymbol)] }
        #expect(late.count == 1)
        for _ in 0...LateNames.patience { late.retry(size: { _ in 20 }) { _, _ in [named] } }
        #expect(late.count == 0)
    }

    @Test("a program with endless code fills no more than its share")
    func bounds() {
        var late = LateNames()
        let many = (0..<LateNames.maximumAddresses + 10).map { (UInt64($0), FrameName.unnamed(.noSymbol)) }
        late.note(many, of: module, size: 1)
        for number in 0..<UInt32(LateNames.maximumModules + 10) {
            late.note([(1, .unnamed(.jit))], of: ModuleID(rawValue: 100 + number), size: 0)
        }
        #expect(late.count == LateNames.maximumModules)
        var largest = 0
        late.retry(size: { _ in 5 }) { _, addresses in
            largest = max(largest, addresses.count)
            return addresses.map { _ in named }
        }
        #expect(largest == LateNames.maximumAddresses)
    }
}
