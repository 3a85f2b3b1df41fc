import Model
import Platform

@testable import Sampler
@testable import Symbols

/// Texts that processes and the kernel write: perf maps, kallsyms, maps, status, stat, cgroups; and mangled names.
final class TextSuite: FuzzSuite {
    static let name = "text"

    private let scratch: ScratchFile
    private var demangler = Demangler()

    init() throws { scratch = try ScratchFile.make() }

    func seeds() -> [[UInt8]] {
        let map = "55d0a1b2c000-55d0a1b2e000 r-xp 00002000 fd:01 1234567   /usr/bin/a b\n7ffd0-7ffd1 r-xp 0 0:0 0\n"
        let perf = "3ef414c0 398 RegExp:[{(]\n7f0000001000 1f0 LazyCompile:*a /b.js:1\n"
        let symbols = "ffffffff81000000 T _stext\nffffffff81000100 t do_one\t[ext4]\nffffffff81000100 W alias\n"
        let status = "Name:\ta b\nUid:\t0\t1000\t0\t0\nNSpid:\t12\t1\nThreads:\t2\n"
        let stat = "12 (a ) b) S 1 12 12 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 2 0 12345 1000 200 18446744073709551615\n"
        let cgroup = "0::/system.slice/docker-0123456789abcdef.scope\n"
        let names = [
            "_ZN4main4workIiE3addEv.cold", "_RNvCs1234_7mycrate3foo", "$s4main5workayS2iF.llvm.12",
            "_ZNSt6vectorIiSaIiEE9push_backERKi", "_ZN4core3fmt5Write10write_char17h0123456789abcdefE",
        ]
        let texts = [map, perf, symbols, status, stat, cgroup]
        return texts.enumerated().map { [UInt8($0)] + Array($1.utf8) } + names.map { [6] + Array($0.utf8) }
    }

    /// An input: the kind, a text.
    func run(_ input: [UInt8]) {
        let text = Array(input.dropFirst())
        switch (input.first ?? 0) % 7 {
        case 0:
            for line in ProcMapsLine.lines(in: text) { promise(line.range.lowerBound < line.range.upperBound) }
            _ = ProcMapsLine.executableLines(in: text)
        case 1: perfMap(text)
        case 2: kallsyms(text)
        case 3: _ = ProcStatus(text)
        case 4: _ = ProcStat(text)
        case 5: _ = CgroupName(path: String(decoding: text, as: UTF8.self))
        default:
            let name = demangler.readable(text)
            promise(name.utf8.count <= 3 * text.count + 2 * Wire.maximumName, "a name without end")
        }
    }

    private func perfMap(_ text: [UInt8]) {
        guard let file = try? memoryFile(text) else { return }
        let size = UInt64(text.count)
        var index = PerfMapIndex(identity: 1)
        _ = index.grow(file, size: size / 2, limit: 1000)
        _ = index.grow(file, size: size, limit: 1000)
        let addresses: [UInt64] = [0, 0x3ef4_14c4, 0x7f00_0000_1010, .max]
        for address in addresses { _ = PerfMapIndex.outcome(file, index.lookUp(address).name) }
        promise(PerfMapIndex.scan(file, size: size, addresses: addresses).count == addresses.count)
    }

    private func kallsyms(_ text: [UInt8]) {
        guard let file = try? memoryFile(text) else { return }
        let index = KallsymsIndex(reading: file, scratch: scratch)
        for address in [0, 0xffff_ffff_8100_0000, 0xffff_ffff_8100_0110, .max] as [UInt64] { _ = index.answer(address) }
        scratch.cut(to: 0)
    }
}
