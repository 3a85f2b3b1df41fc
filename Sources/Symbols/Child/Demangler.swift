import CDemangle

/// Readable names out of mangled ones, by the demanglers that the languages' own tools use.
struct Demangler {
    private var output = [CChar](repeating: 0, count: Wire.maximumName)

    /// The language that a mangled name is of, by its prefix.
    enum Language: Equatable { case cpp, rust, swift, none }

    /// The readable form of a symbol; the symbol itself where it is not mangled. Suffixes that compilers append to
    /// clones are left out, but for `.cold`, which says that the code is a part that was split off.
    mutating func readable(_ symbol: [UInt8]) -> String {
        let (base, isCold) = Demangler.split(symbol)
        let name = demangled(base) ?? Demangler.text(base)
        return isCold ? name + " [clone .cold]" : name
    }

    private mutating func demangled(_ base: ArraySlice<UInt8>) -> String? {
        let language = Demangler.language(of: base)
        guard language != .none, base.count <= Wire.maximumMangled else { return nil }
        let terminated = base.map { CChar(bitPattern: $0) } + [0]
        let capacity = output.count
        // SAFETY: the name ends with a zero, and each function writes at most `capacity` bytes of the array.
        let size =
            switch language {
            case .cpp: unsafe hearth_demangle_cpp(terminated, &output, capacity)
            case .rust: unsafe hearth_demangle_rust(terminated, &output, capacity)
            case .swift: unsafe hearth_demangle_swift(terminated, &output, capacity)
            case .none: 0
            }
        return size == 0 ? nil : Demangler.text(output[0..<size].lazy.map { UInt8(bitPattern: $0) })
    }

    /// Text for people: invalid UTF-8 mended, control characters replaced.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    static func language(of name: ArraySlice<UInt8>) -> Language {
        func starts(_ prefix: StaticString) -> Bool {
            name.starts(with: prefix.description.utf8)
        }
        if starts("_Z") { return isRustLegacy(name) ? .rust : .cpp }
        if starts("_R") { return .rust }
        if starts("$s") || starts("_$s") || starts("$S") || starts("_$S") || starts("_T0") { return .swift }
        return starts("$e") || starts("_$e") ? .swift : .none
    }

    /// `_ZN … 17h<16 hexadecimal digits>E`.
    private static func isRustLegacy(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count > 24, name.starts(with: "_ZN".utf8), name.last == UInt8(ascii: "E") else { return false }
        let hash = name.dropLast().suffix(19)
        return hash.starts(with: "17h".utf8)
            && hash.dropFirst(3).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Takes off `.cold`, `.constprop.0`, `.isra.0`, `.part.0`, `.llvm.123`, `.lto_priv.0`, `.localalias`, `.resume`,
    /// `.destroy` … from the end.
    private static func split(_ symbol: [UInt8]) -> (base: ArraySlice<UInt8>, isCold: Bool) {
        var base = symbol[...]
        var isCold = false
        while let dot = base.lastIndex(of: UInt8(ascii: ".")), dot > base.startIndex {
            var suffix = base[(dot + 1)...]
            var start = dot
            if suffix.allSatisfy({ (48...57).contains($0) }),
                let before = base[..<dot].lastIndex(of: UInt8(ascii: ".")), before > base.startIndex
            {
                suffix = base[(before + 1)..<dot]
                start = before
            }
            guard isCloneSuffix(suffix) else { break }
            if suffix.elementsEqual("cold".utf8) { isCold = true }
            base = base[..<start]
        }
        return (base, isCold)
    }

    private static let cloneSuffixes: Set<String> = [
        "cold", "constprop", "isra", "part", "llvm", "lto_priv", "localalias", "resume", "destroy", "cleanup",
    ]

    private static func isCloneSuffix(_ suffix: ArraySlice<UInt8>) -> Bool {
        suffix.count <= 10 && cloneSuffixes.contains(String(decoding: suffix, as: UTF8.self))
    }
}
