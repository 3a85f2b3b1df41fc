extension KnownProgram {
    private static let flags = ["-O2", "-fomit-frame-pointer", "-fno-lto", "-pthread"]

    /// Many processes that do nothing.
    public static let crowd = KnownProgram("crowd", .c, "live/crowd.c", "gcc", flags)
    /// Runs a program that may not open perf events.
    public static let forbid = KnownProgram("forbid", .c, "live/forbid.c", "gcc", flags)
    /// Stacks of a known depth that are larger than a dump.
    public static let deep = KnownProgram("deep", .c, "live/deep.c", "gcc", flags)
    /// Threads with names, exec, one function or the other.
    public static let change = KnownProgram("change", .c, "live/change.c", "gcc", flags)
    /// Two functions whose shares change at a signal.
    public static let shift = KnownProgram("shift", .c, "live/shift.c", "gcc", flags)
    /// The same layout under other names, all of which begin with `wrong`: nobody may ever see one.
    public static let changeWrong = KnownProgram(
        "change-wrong", .c, "live/change.c", "gcc",
        flags + ["-Dwork_one=wrong_one", "-Dwork_two=wrong_two", "-Dbefore_exec=wrong_exec", "-Drun=wrong_run"])
}
