extension KnownProgram {
    private static let flags = ["-O2", "-fomit-frame-pointer", "-fno-lto", "-pthread"]

    /// Many processes that do nothing.
    public static let crowd = KnownProgram("crowd", .c, "live/crowd.c", "gcc", flags)
    /// Runs a program that may not open perf events.
    public static let forbid = KnownProgram("forbid", .c, "live/forbid.c", "gcc", flags)
    /// Threads with names, exec, one function or the other.
    public static let change = KnownProgram("change", .c, "live/change.c", "gcc", flags)
    /// The same, byte for byte the same layout, under another build-id.
    public static let changeAnew = KnownProgram(
        "change-anew", .c, "live/change.c", "gcc", flags + ["-Wl,--build-id=0x" + String(repeating: "5a", count: 20)])
}
