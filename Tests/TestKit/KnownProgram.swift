/// A program whose CPU split over named functions and whose call depth are known by construction.
///
/// Sources are in `Tests/Programs`; tests build them at run time. Options that all of them take: `--seconds` (CPU
/// time of each thread), `--threads`, `--depth`, `--wait` (burn only after `RunningProgram.begin()`), `--self-check`.
/// Those of the C programs besides: `--entries N`, `--period-ns P`, `--signal`, `--dlopen FILE`.
public struct KnownProgram: Hashable, Sendable, CustomStringConvertible {
    /// The language decides how names look and which frames lie between `main` and the work.
    public enum Language: Hashable, Sendable { case c, cxx, rust, swift, go }

    /// What is done to the linked file.
    public enum Finish: Hashable, Sendable {
        case asLinked
        /// Symbols in a separate file next to it, named by `.gnu_debuglink`.
        case debugLink
        /// A symbol table compressed by xz inside of it (`.gnu_debugdata`).
        case miniDebug
        /// No symbols at all.
        case bare
    }

    /// Unique; the built file is called `split-NAME` (or `shortlived`).
    public let name: String
    /// What it is written in.
    public let language: Language
    /// Below `Tests/Programs`.
    let source: String
    let compiler: String
    let flags: [String]
    /// What was done to the linked file.
    public let finish: Finish

    init(
        _ name: String, _ language: Language, _ source: String, _ compiler: String, _ flags: [String],
        finish: Finish = .asLinked
    ) {
        self.name = name
        self.language = language
        self.source = source
        self.compiler = compiler
        self.flags = flags
        self.finish = finish
    }

    /// The name.
    public var description: String { name }

    /// Shares of the CPU time by function.
    public var truth: [String: Double] { ["work_a": 0.50, "work_b": 0.35, "work_c": 0.15] }

    /// The functions between `burn` (in it) and the work (out of it), the outermost first, for `--depth`; not for C++,
    /// where they differ by function: there the frames are `burn`, `descend` × (depth + 1), then the stage's.
    public func chain(depth: Int, signal: Bool = false, plugin: Bool = false, lockstep: Bool = false) -> [String] {
        switch language {
        case .c:
            let end =
                signal
                ? ["interrupted", "on_signal", "rounds"]
                : plugin ? ["plugin_rounds"] : lockstep ? ["lockstep"] : ["rounds"]
            return ["burn"] + (0..<depth).map { "f\($0)" } + ["leaf"] + end
        case .cxx: return ["burn"] + Array(repeating: "descend", count: depth + 1)
        case .rust, .swift, .go: return ["burn"] + Array(repeating: "descend", count: depth) + ["rounds"]
        }
    }

    /// Whether a demangled name, as a symbolizer shows it, is that of a function of the sources: `work_a`,
    /// `hearth::work_a(unsigned long, …)`, `split::work_a`, `split.work_a(Swift.UInt64, …) -> …`, `main.work_a`.
    public func isName(_ shown: String, of function: String) -> Bool {
        let parts = shown.prefix { $0 != "(" && $0 != "<" && $0 != "[" }.split { $0 == ":" || $0 == "." }
        switch language {
        case .c: return shown == function
        case .cxx, .swift, .go: return parts.last == function[...]
        case .rust: return parts.count > 1 && parts[1] == function[...] && parts[0] == "split"
        }
    }
}

extension KnownProgram {
    private static let c = ["-O2", "-fomit-frame-pointer", "-fno-lto"]
    private static let threads = ["-pthread"]

    /// The plain C program, with dlopen.
    public static let plainC = KnownProgram("c", .c, "c/split.c", "gcc", c + threads + ["-DWITH_DLOPEN", "-ldl"])
    /// Linked statically to glibc.
    public static let staticC = KnownProgram("c-static", .c, "c/split.c", "gcc", c + threads + ["-static"])
    /// The same, position-independent.
    public static let staticPie = KnownProgram("c-static-pie", .c, "c/split.c", "gcc", c + threads + ["-static-pie"])
    /// Against musl.
    public static let musl = KnownProgram("c-musl", .c, "c/split.c", "musl-gcc", c + threads)
    /// Linked statically to musl.
    public static let muslStatic = KnownProgram("c-musl-static", .c, "c/split.c", "musl-gcc", c + threads + ["-static"])
    /// Stripped; symbols in a file named by its debuglink.
    public static let debugLink = KnownProgram(
        "c-debuglink", .c, "c/split.c", "gcc", c + threads + ["-DWITH_DLOPEN", "-ldl"], finish: .debugLink)
    /// Stripped; symbols compressed inside of it.
    public static let miniDebug = KnownProgram(
        "c-minidebug", .c, "c/split.c", "gcc", c + threads + ["-DWITH_DLOPEN", "-ldl"], finish: .miniDebug)
    /// Stripped of all names.
    public static let bare = KnownProgram(
        "c-bare", .c, "c/split.c", "gcc", c + threads + ["-DWITH_DLOPEN", "-ldl", bareBuildID], finish: .bare)
    /// Virtual functions, std::sort, exceptions; without tail calls, which would take frames off the stack.
    public static let cxx = KnownProgram(
        "cxx", .cxx, "cxx/split.cpp", "g++", c + threads + ["-fno-optimize-sibling-calls"])
    /// Generics and closures, names in the compiler's default mangling.
    public static let rust = KnownProgram("rust", .rust, "rust/split.rs", "rustc", rustFlags)
    /// The same in v0 mangling.
    public static let rustV0 = KnownProgram(
        "rust-v0", .rust, "rust/split.rs", "rustc", rustFlags + ["-C", "symbol-mangling-version=v0"])
    /// Optimized Swift; `--closures` reaches work_b through a generic function and a closure.
    public static let swift = KnownProgram(
        "swift", .swift, "swift/split.swift", "swiftc",
        ["-O", "-parse-as-library", "-module-name", "split", "-Xllvm", "-swiftmergefunc-threshold=0"])
    /// Go without cgo.
    public static let go = KnownProgram("go", .go, "go/split.go", "go", [])
    /// The same, position-independent.
    public static let goPie = KnownProgram("go-pie", .go, "go/split.go", "go", ["-buildmode=pie"])
    /// Without symbols and DWARF: names only in its pc-line table.
    public static let goStripped = KnownProgram("go-stripped", .go, "go/split.go", "go", ["-ldflags=-s -w"])

    /// One of its own: names are looked up by build-id, and the same code built with symbols would lend it its names.
    private static let bareBuildID = "-Wl,--build-id=0xbabebabebabebabebabebabebabebabebabebabe"

    private static let rustFlags = [
        "--edition", "2021", "--crate-name", "split", "-C", "opt-level=2", "-C", "force-frame-pointers=no",
    ]

    /// Every program that splits its CPU time.
    public static let all: [KnownProgram] = [
        plainC, staticC, staticPie, musl, muslStatic, debugLink, miniDebug, bare, cxx, rust, rustV0, swift, go, goPie,
        goStripped,
    ]

    /// Not one that splits: starts short-lived children under names of their own (`short-000` …).
    public static let shortLived = KnownProgram("shortlived", .c, "c/shortlived.c", "gcc", c)
}
