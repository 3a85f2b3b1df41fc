/// An address as it is stored: stable across processes and address-space randomisation.
///
/// For ELF modules `address` is an offset in the file; for the kernel and for JIT code it is the virtual address.
/// Addresses of callers point into the call (return address − 1), so that a look-up hits the right line.
public struct FrameKey: Hashable, Sendable {
    /// The module that the address belongs to.
    public var module: ModuleID
    /// Offset in the file, or a virtual address (see above).
    public var address: UInt64
    /// An address in a module.
    public init(module: ModuleID, address: UInt64) {
        self.module = module
        self.address = address
    }

    /// A frame that states a fact about the stack.
    public init(_ marker: Marker) { self.init(module: .marker, address: marker.rawValue) }
}

/// A frame that is no code: it says in the stack itself what is missing there.
public enum Marker: UInt64, Sendable, CaseIterable {
    /// The stack was deeper than the dump; its outer part is missing.
    case truncated = 1
    /// The unwinder could not go on; the outer part is missing.
    case broken = 2
    /// The middle of a very deep stack was left out.
    case elided = 3

    /// The name shown for the frame.
    public var name: String {
        switch self {
        case .truncated: "[truncated]"
        case .broken: "[broken]"
        case .elided: "[elided]"
        }
    }
}

/// How the walk of a stack ended.
public enum StackEnd: Hashable, Sendable {
    /// The root was reached.
    case complete
    /// The root was reached with help from outside the dump (read later, or spliced).
    case completed
    /// The dump ended before the root.
    case truncated
    /// The walk could not go on.
    case broken(BrokenReason)

    /// The value of the metric label `end`.
    public var label: String {
        switch self {
        case .complete: "complete"
        case .completed: "completed"
        case .truncated: "truncated"
        case .broken: "broken"
        }
    }
}

/// Why a stack broke.
public enum BrokenReason: String, Hashable, Sendable, CaseIterable {
    /// No mapping covers the address.
    case noMapping = "no_mapping"
    /// The module has no unwind information for the address and the frame pointer does not help.
    case noUnwindInfo = "no_unwind_info"
    /// The file of the module could not be opened, or is not the one that was mapped.
    case noImage = "no_image"
    /// The frame's address lies outside of the dump, below or above.
    case badStackPointer = "bad_stack_pointer"
    /// The unwinder reported an error of its own.
    case unwinder = "unwinder"
    /// The same frame came twice: a loop.
    case loop = "loop"
    /// The sample carried no user registers although it was taken in a user process (it was exiting).
    case noRegisters = "no_registers"
}

/// Why a frame has no function name; the value of the metric label `reason`.
public enum UnnamedReason: String, Hashable, Sendable, CaseIterable {
    /// Not asked for yet: the names of a slot are fetched when it closes.
    case pending
    /// No mapping covered the address.
    case noMapping = "no_mapping"
    /// The file could not be opened (gone, or no permission).
    case fileGone = "file_gone"
    /// The file at the path is not the one that was mapped: another build-id or inode.
    case fileReplaced = "file_replaced"
    /// The file has no symbol table at all.
    case stripped
    /// The file has symbols, but none covers the address.
    case noSymbol = "no_symbol"
    /// The file is not valid ELF, or lies about its sizes.
    case malformed
    /// Code of a runtime that writes no perf map.
    case jit
    /// Kernel addresses are hidden from this process (kptr_restrict, CAP_SYSLOG).
    case kernelHidden = "kernel_hidden"
    /// The symbolizer crashed on the file or took too long; the file is quarantined.
    case quarantined
    /// A budget of bytes or time was used up.
    case budget
}
