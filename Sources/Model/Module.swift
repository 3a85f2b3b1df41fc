/// What a module is.
public enum ModuleKind: String, Sendable {
    case unknown, kernel, marker
    /// A file in ELF format.
    case elf
    /// The page of code that the kernel maps into every process.
    case vdso
    /// Anonymous executable memory: code that a runtime made; belongs to one process.
    case jit
}

/// What is known about a module, for readers.
public struct ModuleInfo: Hashable, Sendable {
    /// What the module is.
    public var kind: ModuleKind
    /// Path as the target sees it (from its mapping); `[kernel]`, `[vdso]`, `[jit]` for those that are no file.
    public var path: String
    /// GNU build-id in lower-case hexadecimal, empty where there is none.
    public var buildID: String

    /// Facts about a module.
    public init(kind: ModuleKind, path: String, buildID: String) {
        self.kind = kind
        self.path = path
        self.buildID = buildID
    }

    /// The last component of the path, without a ` (deleted)` suffix.
    public var name: String {
        var base = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.utf8.index(after: $0)...] } ?? path[...]
        if base.hasSuffix(" (deleted)") { base = base.dropLast(10) }
        return String(base)
    }

    /// What is shown for an address of the module that has no name: `libc.so.6+0x1234`, `[truncated]` for a marker.
    public func placeholder(for address: UInt64) -> String {
        if kind == .marker { return Marker(rawValue: address)?.name ?? "[unknown]" }
        let shown = name
        return (shown.isEmpty ? "[unknown]" : shown) + "+0x" + String(address, radix: 16)
    }
}

/// One function at an address: the innermost of inlined ones comes first in a list of lines.
public struct SourceLine: Hashable, Sendable {
    /// Demangled name.
    public var function: String
    /// Mangled name as the symbol table has it; equal to `function` where nothing was mangled.
    public var systemName: String
    /// Source file, empty if unknown.
    public var file: String
    /// Line in the file from 1, 0 if unknown.
    public var line: Int32

    /// A function with what is known of its place.
    public init(function: String, systemName: String, file: String = "", line: Int32 = 0) {
        self.function = function
        self.systemName = systemName
        self.file = file
        self.line = line
    }
}

/// The outcome of a look-up of names for one frame.
public enum FrameName: Hashable, Sendable {
    /// At least one line, innermost first.
    case lines([SourceLine])
    case unnamed(UnnamedReason)
}
