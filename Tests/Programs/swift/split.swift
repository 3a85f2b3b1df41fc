// CPU time in work_a, work_b, work_c as 50 : 35 : 15. Each function has the same loop with a multiplier of its own;
// the loop is bound by the latency of the multiplication and the addition. With `--closures` work_b is reached through
// a generic function and an escaping closure.
// The stack: main (or a thread's closure) · burn · descend × D · rounds · (apply · closure) · work_x.
import Glibc

let unit: UInt64 = 2500
let count = 40

struct Options {
    var seconds = 10.0, threads = 1, depth = 0
    var wait = false, selfCheck = false, closures = false
}

func clockNs(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

@inline(never) func work_a(_ start: UInt64, _ count: UInt64) -> UInt64 {
    var x = start, left = count
    while left > 0 { x = x &* 6_364_136_223_846_793_005 &+ 1; left &-= 1 }
    return x
}

@inline(never) func work_b(_ start: UInt64, _ count: UInt64) -> UInt64 {
    var x = start, left = count
    while left > 0 { x = x &* 2_862_933_555_777_941_757 &+ 1; left &-= 1 }
    return x
}

@inline(never) func work_c(_ start: UInt64, _ count: UInt64) -> UInt64 {
    var x = start, left = count
    while left > 0 { x = x &* 3_202_034_522_624_059_733 &+ 1; left &-= 1 }
    return x
}

@inline(never) @_semantics("optimize.sil.specialize.generic.never")
func apply<Value>(_ work: (Value) -> Value, to value: Value) -> Value { work(value) }

@inline(never) func makeWork(_ share: UInt64) -> (UInt64) -> UInt64 { { work_b($0, share * unit) &+ 1 } }

@inline(never) func rounds(_ start: UInt64, _ options: Options) -> UInt64 {
    var x = start
    let closure = makeWork(35)
    for _ in 0..<count {
        x = work_a(x, 50 * unit)
        x = options.closures ? apply(closure, to: x) : work_b(x, 35 * unit)
        x = work_c(x, 15 * unit)
    }
    return x
}

@inline(never) func descend(_ x: UInt64, _ left: Int, _ options: Options) -> UInt64 {
    let below = left > 1 ? descend(x, left - 1, options) : rounds(x, options)
    return (below &* 31) ^ UInt64(left)
}

@inline(never) func burn(_ options: Options) -> UInt64 {
    var x: UInt64 = 1
    while Double(clockNs(CLOCK_THREAD_CPUTIME_ID)) < options.seconds * 1e9 {
        x = options.depth > 0 ? descend(x, options.depth, options) : rounds(x, options)
    }
    return x
}

func selfCheck() {
    var ns: [UInt64] = [0, 0, 0], x: UInt64 = 1
    let all: [((UInt64, UInt64) -> UInt64, UInt64)] = [(work_a, 50), (work_b, 35), (work_c, 15)]
    for _ in 0..<40 {
        for (index, (work, share)) in all.enumerated() {
            let start = clockNs(CLOCK_THREAD_CPUTIME_ID)
            x = work(x, share * unit * 100)
            ns[index] += clockNs(CLOCK_THREAD_CPUTIME_ID) - start
        }
    }
    print("check work_a=\(ns[0]) work_b=\(ns[1]) work_c=\(ns[2]) x=\(x)")
}

final class Start {
    let options: Options
    init(_ options: Options) { self.options = options }
}

func startThread(_ options: Options) -> pthread_t {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Start(options)).toOpaque()
    pthread_create(
        &thread, nil,
        { raw in
            guard let raw else { return nil }
            let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
            return UnsafeMutableRawPointer(bitPattern: UInt(burn(start.options) & 1))
        }, argument)
    return thread
}

func number(_ text: String?) -> Double {
    guard let text, let number = Double(text), number >= 0, number < 1e9 else { fatalError("not a number") }
    return number
}

func parse(_ arguments: [String]) -> Options {
    var options = Options()
    var rest = arguments[...]
    while let name = rest.popFirst() {
        switch name {
        case "--seconds": options.seconds = number(rest.popFirst())
        case "--threads": options.threads = Int(number(rest.popFirst()))
        case "--depth": options.depth = Int(number(rest.popFirst()))
        case "--wait": options.wait = true
        case "--closures": options.closures = true
        case "--self-check": options.selfCheck = true
        default: fatalError("unknown option \(name)")
        }
    }
    return options
}

@main struct Split {
    static func main() {
        let options = parse(Array(CommandLine.arguments.dropFirst()))
        if options.selfCheck { return selfCheck() }
        let facts = "seconds=\(options.seconds) threads=\(options.threads) depth=\(options.depth)"
        print("ready PID=\(getpid()) \(facts)")
        fflush(nil)
        var byte: UInt8 = 0
        if options.wait, read(0, &byte, 1) < 0 { exit(1) }
        let others = (1..<max(options.threads, 1)).map { _ in startThread(options) }
        var result = burn(options)
        for thread in others { pthread_join(thread, nil) }
        result &= 1
        print("done cpu_ns=\(clockNs(CLOCK_PROCESS_CPUTIME_ID) | (result & 0))")
    }
}
