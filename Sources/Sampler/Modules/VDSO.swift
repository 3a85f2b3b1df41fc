import CPlatform

/// The code page that the kernel maps into every process; all processes of one kind have the same.
enum VDSO {
    /// A copy of our own (getauxval(3), AT_SYSINFO_EHDR): two pages, more than any kernel's x86-64 vDSO has used so far
    /// would be cut at the end of the mapping, which is looked up.
    static func bytes() -> [UInt8]? {
        let start = UInt(getauxval(UInt(AT_SYSINFO_EHDR)))
        guard start != 0, let size = mappedSize(at: start), size <= 1 << 20 else { return nil }
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: start) else { return nil }
        // SAFETY: the kernel keeps the mapping for as long as the process lives; its size was just looked up.
        return unsafe Array(UnsafeRawBufferPointer(start: pointer, count: size))
    }

    private static func mappedSize(at start: UInt) -> Int? {
        guard let text = try? ProcFile.read("/proc/self/maps") else { return nil }
        for line in ProcMapsLine.lines(in: text) where line.range.lowerBound == UInt64(start) {
            return line.range.count
        }
        return nil
    }
}
