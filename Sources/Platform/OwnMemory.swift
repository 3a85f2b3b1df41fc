import CPlatform

/// How much memory the process itself keeps.
public enum OwnMemory {
    /// Lets the threads share two heaps and returns large blocks to the kernel at once: eight heaps of a core's threads
    /// would each keep what was freed in them. To be called before threads are started.
    public static func limitArenas() { hearth_limit_arenas() }

    /// Gives up the pages of the program's own code. What still runs comes back with a minor fault; what only the start
    /// needed (most of a large static program: type metadata, conformances) does not.
    public static func dropCode() { hearth_drop_code() }

    /// Returns what malloc keeps for later to the kernel. Takes milliseconds after much was freed.
    public static func trimHeaps() { hearth_trim_heaps() }

    /// Drops code, and returns what malloc keeps for later to the kernel. Takes milliseconds: not for the sampler's thread.
    public static func tidy() {
        hearth_drop_code()
        hearth_trim_heaps()
    }
}
