/// What an engine is known to get wrong, and why. A line whose fixture is right again fails the test.
enum KnownDifferences {
    static let lines: [(engine: String, fixture: String, reason: String)] = [
        ("libunwind", "signal-null-call", "no mapping at 0: the return address on top of the stack is not tried"),
        ("libunwind", "signal-musl", "musl's return from signals has no rules and is not recognised"),
        ("libunwind", "tableless", "without rules and frame pointers the last call that is found is believed the root"),
        ("libunwind", "musl", "_start has no rules: the frame that it calls is taken for the root"),
        ("libunwind", "musl-static-qsort", "a function without rules that pushed registers"),
        (
            "libunwind", "jit-no-frame-pointer",
            "gives the reason no_mapping: it follows a register that is no frame pointer"
        ),
        ("libunwind", "unreadable-file", "takes the frame for the root since rbp is 0"),
        ("libunwind", "go-native-prologue", "a function that has not set up its frame pointer hides its caller"),
        ("rules", "tableless", "without rules and frame pointers the last call that is found is believed the root"),
        ("rules", "musl-static-qsort", "a function without rules that pushed registers"),
        ("rules", "go-native-prologue", "a function that has not set up its frame pointer hides its caller"),
    ]

    static func reason(_ engine: String, _ fixture: String) -> String? {
        lines.first { $0.engine == engine && $0.fixture == fixture }?.reason
    }
}
