import CSandbox
public import Platform

/// The walls around the process that reads hostile files.
public enum SymbolizerSandbox {
    /// Memory of its own that the child may use, bytes.
    static let memory: UInt64 = 512 << 20
    /// Address space that the child may use, files that it maps included, bytes.
    static let addressSpace: UInt64 = 2 << 30

    /// Gives up all rights for good: descriptors but `socket`, `scratch` and standard error, capabilities, system calls
    /// (`scratch` is the one file that can be written). Call before any thread is started.
    /// - Throws: the error of the step that failed; then the process must not read anything hostile.
    public static func enter(socket: Int32, scratch: Int32) throws(Errno) {
        if hearth_sandbox_enter(socket, scratch, memory, addressSpace) != HEARTH_SANDBOX_DONE { throw .last }
    }
}
