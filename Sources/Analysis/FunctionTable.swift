public import Model

/// A function as people see it: all addresses of a profile that carry one name in one module are one function.
public struct Function: Hashable, Sendable {
    /// Demangled name; `module+0xoffset` where there is none, `[truncated]` and its like for markers.
    public var name: String
    /// Last component of the module's path, `[kernel]` for the kernel.
    public var module: String
    /// Where its code comes from.
    public var kind: FunctionKind

    /// All three make the identity of a function.
    public init(name: String, module: String, kind: FunctionKind) {
        self.name = name
        self.module = module
        self.kind = kind
    }
}

/// Where code comes from, so that it can be coloured and marked.
public enum FunctionKind: String, Hashable, Sendable, CaseIterable {
    /// Code of a file, or of the vDSO.
    case native
    case kernel
    /// Code that a runtime made in memory.
    case jit
    /// A fact about the stack; see ``Marker``.
    case marker
    /// Code of a mapping that nobody knew.
    case unknown
    /// No code but a level of grouping: the whole profile, a target, a process or a thread.
    case group
}

/// The functions of a profile and which of them each frame stands for.
public struct FunctionTable: Sendable {
    /// Distinct functions, in the order of their first frame.
    public private(set) var functions: [Function] = []
    private var starts: [Int32] = [0]
    private var entries: [Int32] = []
    private var known: [Function: Int32] = [:]

    /// O(frames).
    public init(_ profile: Profile) {
        starts.reserveCapacity(profile.frames.count + 1)
        let names = profile.modules.map(\.name)
        for frame in profile.frames {
            append(frame, in: profile, moduleNames: names)
            starts.append(Int32(entries.count))
        }
    }

    /// Functions at a frame of the profile, innermost first; more than one where calls were inlined. Never empty.
    public func functions(ofFrame frame: Int32) -> ArraySlice<Int32> {
        let index = Int(frame)
        return entries[Int(starts[index])..<Int(starts[index + 1])]
    }

    private mutating func append(_ frame: ProfileFrame, in profile: Profile, moduleNames: [String]) {
        let index = Int(frame.module)
        let isKnown = profile.modules.indices.contains(index)
        let kind = FunctionKind(isKnown ? profile.modules[index].kind : .unknown)
        let module = isKnown ? moduleNames[index] : ""
        if case .lines(let lines) = frame.name, !lines.isEmpty {
            for line in lines { add(Function(name: line.function, module: module, kind: kind)) }
        } else {
            add(Function(name: Self.placeholder(frame, in: profile), module: module, kind: kind))
        }
    }

    private mutating func add(_ function: Function) {
        if let index = known[function] {
            entries.append(index)
            return
        }
        let index = Int32(functions.count)
        known[function] = index
        functions.append(function)
        entries.append(index)
    }

    /// What is shown for a frame of the profile that has no name.
    public static func placeholder(_ frame: ProfileFrame, in profile: Profile) -> String {
        let index = Int(frame.module)
        let unknown = ModuleInfo(kind: .unknown, path: "", buildID: "")
        return (profile.modules.indices.contains(index) ? profile.modules[index] : unknown)
            .placeholder(for: frame.address)
    }
}

extension FunctionKind {
    init(_ kind: ModuleKind) {
        switch kind {
        case .unknown: self = .unknown
        case .kernel: self = .kernel
        case .marker: self = .marker
        case .elf, .vdso: self = .native
        case .jit: self = .jit
        }
    }
}
