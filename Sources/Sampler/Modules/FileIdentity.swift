/// Which file a mapping is of, as far as the kernel told.
enum FileIdentity: Hashable, Sendable {
    case buildID(BuildID)
    /// Device as major << 32 | minor.
    case inode(device: UInt64, inode: UInt64)
    case anonymous
}

/// A GNU build-id of 1 to 20 bytes.
struct BuildID: Hashable, Sendable {
    private var words: InlineThree
    private var count: UInt8

    private struct InlineThree: Hashable {
        var a: UInt64 = 0
        var b: UInt64 = 0
        var c: UInt64 = 0
    }

    /// Longer ones are cut at 20 bytes, as the kernel does.
    init(_ bytes: some Sequence<UInt8>) {
        words = InlineThree()
        count = 0
        for byte in bytes.prefix(20) {
            let shift = UInt64(count % 8) * 8
            switch count / 8 {
            case 0: words.a |= UInt64(byte) << shift
            case 1: words.b |= UInt64(byte) << shift
            default: words.c |= UInt64(byte) << shift
            }
            count += 1
        }
    }

    private func byte(_ index: UInt8) -> UInt8 {
        let word = index < 8 ? words.a : index < 16 ? words.b : words.c
        return UInt8(truncatingIfNeeded: word >> (UInt64(index % 8) * 8))
    }

    /// Lower-case hexadecimal.
    var hexadecimal: String {
        let digits: [UInt8] = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for index in 0..<count {
            text.append(digits[Int(byte(index) >> 4)])
            text.append(digits[Int(byte(index) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
