import StackFixtures
import Unwinder

/// The process of a recorded stack, and the stack, both open to change.
final class ChangeableSpace: CodeSpace {
    let generation: UInt64
    private(set) var mappings: [RecordedMapping]
    private var images: [ChangeableImage]
    private var isOwn: [Bool]
    private(set) var registers: Registers
    private var stack: [UInt8]
    private var isCut: Bool
    private let number: () -> UInt64
    /// Questions asked about mappings.
    private(set) var questions = 0

    init(_ fixture: StackFixture, number: @escaping () -> UInt64) {
        generation = number()
        self.number = number
        mappings = fixture.mappings
        images = fixture.images.map { ChangeableImage($0, number: number()) }
        isOwn = images.map { _ in false }
        registers = fixture.registers
        stack = fixture.stack
        isCut = fixture.isCut
    }

    /// A copy to be changed, which shares what stays the same.
    init(copying other: ChangeableSpace) {
        generation = other.number()
        number = other.number
        mappings = other.mappings
        images = other.images
        isOwn = other.isOwn
        registers = other.registers
        stack = other.stack
        isCut = other.isCut
    }

    /// Words read from images that were changed.
    var reads: Int { zip(images, isOwn).reduce(0) { $0 + ($1.1 ? $1.0.reads : 0) } }

    func withSample<Result>(_ body: (StackSample) -> Result) -> Result {
        // SAFETY: the sample does not leave the closure.
        unsafe stack.withUnsafeBytes { unsafe body(StackSample(registers: registers, stack: $0, isCut: isCut)) }
    }

    // MARK: What an unwinder asks

    private func mapping(at address: UInt64) -> RecordedMapping? {
        questions += 1
        var low = 0
        var high = mappings.count
        while low < high {
            let middle = (low + high) / 2
            if mappings[middle].range.upperBound <= address { low = middle + 1 } else { high = middle }
        }
        return low < mappings.count && mappings[low].range.contains(address) ? mappings[low] : nil
    }

    func image(at address: UInt64) -> MappedImage? {
        guard let mapping = mapping(at: address) else { return nil }
        return MappedImage(
            range: mapping.range, bias: mapping.bias, bytes: mapping.image.map { images[$0] }, isMade: mapping.isMade)
    }

    func readData(at address: UInt64) -> UInt64? {
        questions += 1
        for mapping in mappings {
            guard let image = mapping.image else { continue }
            if let word = images[image].readWord(atAddress: address &- mapping.bias) { return word }
        }
        return nil
    }

    func isForeign(_ address: UInt64) -> Bool { mapping(at: address)?.isForeign ?? false }

    // MARK: Changes

    /// Does what the next bytes of the input say.
    func change(_ input: inout InputReader) {
        let kind = input.byte()
        switch kind % 16 {
        case 0: registers.values[input.below(17)] = value(&input)
        case 1: registers.instructionPointer = codeAddress(&input)
        case 2: registers.stackPointer = value(&input)
        case 3: registers.framePointer = stackAddress(&input)
        case 4, 5: setWord(&input)
        case 6: setBytes(&input)
        case 7:
            stack.removeLast(min(stack.count, input.below(4096)))
            isCut = kind & 16 != 0
        case 8: changeMapping(&input)
        case 9: own(&input)?.changeTable(&input)
        case 10: own(&input)?.changeSegment(&input)
        case 11: own(&input)?.readsAnywhere = true
        default: own(&input)?.change(&input)
        }
    }

    /// One of the images, a copy of its own from now on.
    private func own(_ input: inout InputReader) -> ChangeableImage? {
        guard !images.isEmpty else { return nil }
        let index = input.below(images.count)
        if !isOwn[index] {
            images[index] = images[index].copy(number: number())
            isOwn[index] = true
        }
        return images[index]
    }

    /// A value that is likely to lead on.
    private func value(_ input: inout InputReader) -> UInt64 {
        switch input.byte() % 4 {
        case 0: codeAddress(&input)
        case 1: stackAddress(&input)
        case 2: UInt64(bitPattern: Int64(Int8(bitPattern: input.byte())))
        default: input.number(8)
        }
    }

    private func codeAddress(_ input: inout InputReader) -> UInt64 {
        guard !mappings.isEmpty else { return 0 }
        let range = mappings[input.below(mappings.count)].range
        return range.lowerBound &+ input.number(3) % UInt64(range.count)
    }

    private func stackAddress(_ input: inout InputReader) -> UInt64 {
        registers.stackPointer &+ UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: input.number(2)))) &* 8
    }

    private func setWord(_ input: inout InputReader) {
        let place = input.below(stack.count / 8) * 8
        let word = value(&input)
        guard stack.count >= 8 else { return }
        for index in 0..<8 { stack[place + index] = UInt8(truncatingIfNeeded: word >> UInt64(index * 8)) }
    }

    private func setBytes(_ input: inout InputReader) {
        let place = input.below(stack.count)
        for index in 0...input.below(8) where place + index < stack.count { stack[place + index] = input.byte() }
    }

    /// Mappings stay sorted and apart: the kernel keeps them so, and whoever reads its records does.
    private func changeMapping(_ input: inout InputReader) {
        guard !mappings.isEmpty else { return }
        let index = input.below(mappings.count)
        switch input.byte() % 5 {
        case 0: mappings[index].bias = mappings[index].bias &+ UInt64(bitPattern: Int64(Int8(bitPattern: input.byte())))
        case 1: mappings[index].bias = input.number(8)
        case 2: mappings[index].isForeign.toggle()
        case 3: mappings[index].image = images.isEmpty || input.byte() & 3 == 0 ? nil : input.below(images.count)
        default: moveMapping(index, by: input.number(2), atStart: input.byte() & 1 == 0)
        }
    }

    private func moveMapping(_ index: Int, by distance: UInt64, atStart: Bool) {
        let range = mappings[index].range
        guard distance < UInt64(range.count) else {
            mappings.remove(at: index)
            return
        }
        mappings[index].range =
            atStart ? range.lowerBound + distance..<range.upperBound : range.lowerBound..<range.upperBound - distance
    }
}
