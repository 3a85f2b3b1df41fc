import Model
import Testing

@testable import Symbols

@Suite struct WireFormatTests {
    private let request = SymbolRequest(
        sequence: 7, module: 0x1_0000_0002, kind: .perfMap, size: 99, identity: .max, addresses: [0, 1, .max])
    private let response = SymbolResponse(
        sequence: 7, cpuNanoseconds: 12345,
        answers: [
            SymbolAnswer(index: 0, range: 1..<2, outcome: .named(function: "größe()", systemName: "_Z")),
            SymbolAnswer(index: 2, range: 0..<UInt64.max, outcome: .unnamed(.kernelHidden)),
            SymbolAnswer(index: 3, range: 5..<6, outcome: .unlocated(.split)),
            SymbolAnswer(
                index: 4, range: 6..<7,
                outcome: .located([
                    LocatedLine(function: "inner", systemName: "_Zi", file: "/größe.c", line: .max),
                    LocatedLine(function: "outer", systemName: "outer", file: "", line: 0),
                ])),
        ])

    @Test func messagesAreWhatTheyWere() {
        var lines = request
        (lines.question, lines.cpuLimit) = (.lines, 20_000_000)
        #expect(SymbolRequest(decoding: lines.encoded()[...]) == lines)
        #expect(SymbolRequest(decoding: request.encoded()[...]) == request)
        #expect(SymbolResponse(decoding: response.encoded()[...]) == response)
    }

    @Test func messagesThatAreCutAreRefused() {
        let whole = request.encoded()
        for count in 0..<whole.count { #expect(SymbolRequest(decoding: whole[0..<count]) == nil) }
        let answer = response.encoded()
        for count in 0..<answer.count { #expect(SymbolResponse(decoding: answer[0..<count]) == nil) }
    }

    @Test func messagesOfAChildThatLiesAreRefusedOrHarmless() {
        let whole = response.encoded()
        var decoded = 0
        for position in whole.indices {
            for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
                var bytes = whole
                bytes[position] = value
                if let response = SymbolResponse(decoding: bytes[...]) {
                    #expect(response.answers.count <= 4)
                    decoded += 1
                }
            }
        }
        #expect(decoded > 50)
    }

    @Test func longNamesAreCutToTheLimit() throws {
        let name = String(repeating: "n", count: 30_000)
        let long = SymbolResponse(
            sequence: 1, cpuNanoseconds: 0,
            answers: [SymbolAnswer(index: 0, range: 0..<1, outcome: .named(function: name, systemName: name))])
        #expect(long.encoded().count < Wire.maximumMessage)
        let decoded = try #require(SymbolResponse(decoding: long.encoded()[...]))
        let cut = String(repeating: "n", count: Wire.maximumName)
        #expect(decoded.answers[0].outcome == .named(function: cut, systemName: cut))
    }
}

@Suite struct NameCacheTests {
    private func named(_ name: String) -> FrameName { .lines([SourceLine(function: name, systemName: name)]) }

    @Test func rangesReplaceWhatTheyOverlap() {
        var cache = NameCache()
        let module = ModuleID.firstDynamic
        cache.insert(module, 10..<20, named("a"))
        cache.insert(module, 30..<40, named("b"))
        cache.insert(module, 40..<50, named("c"))
        #expect(cache.lookUp(module, 10) == named("a"))
        #expect(cache.lookUp(module, 19) == named("a"))
        #expect(cache.lookUp(module, 20) == nil)
        #expect(cache.lookUp(module, 9) == nil)
        let before = cache.byteCount
        cache.insert(module, 15..<35, named("d"))
        #expect(cache.byteCount < before)
        #expect(cache.lookUp(module, 12) == nil)
        #expect(cache.lookUp(module, 34) == named("d"))
        #expect(cache.lookUp(module, 36) == nil)
        #expect(cache.lookUp(module, 40) == named("c"))
        cache.insert(module, 0..<UInt64.max, .unnamed(.stripped))
        #expect(cache.lookUp(module, 45) == .unnamed(.stripped))
        cache.remove(module)
        #expect(cache.byteCount == 0)
    }

    @Test func theModuleUsedLongestAgoGoesFirst() {
        var cache = NameCache()
        for id in 16..<20 as Range<UInt32> {
            cache.insert(ModuleID(rawValue: id), 0..<10, named("function_\(id)_of_it"))
        }
        _ = cache.lookUp(ModuleID(rawValue: 16), 1)
        let limit = cache.byteCount - 1
        cache.shrink(to: limit)
        #expect(cache.byteCount <= limit)
        #expect(cache.lookUp(ModuleID(rawValue: 17), 1) == nil)
        #expect(cache.lookUp(ModuleID(rawValue: 16), 1) != nil)
        cache.shrink(to: 0)
        #expect(cache.byteCount == 0)
    }
}
