import Model
import Platform
import StackFixtures
import Unwinder

/// What the command line asks for.
struct RecorderOptions {
    var pid: Int32 = 0
    var capture = ""
    var output = ""
    /// Names of files to be treated as gone.
    var unreadable: Set<String> = []
    /// Leading frames of the debugger that are the truth where libunwind's are not; `Int.max` for all of them.
    var debuggerFrames: Int?
    /// How the walk has to end where libunwind's ends otherwise.
    var end: UnwindOutcome?
    /// Stack pointers are those of the chain of frame pointers, as far as it has the same frames.
    var followsFramePointers = false
    /// Walk code of runtimes that read their own frames, too.
    var nativeRuntimes = false
}

/// A failure in one line.
struct RecorderError: Error { var message: String }

/// Turns what the debugger says about a thread and what its process is into a fixture.
struct Recorder {
    /// Largest copy of the kernel for perf: 65528 bytes are asked for, of which the record's other fields take away.
    static let dumpSize: UInt64 = 65312

    let options: RecorderOptions
    init(options: RecorderOptions) { self.options = options }

    /// What libunwind found.
    private(set) var walked: [UnwoundFrame] = []
    private(set) var outcome = UnwindOutcome.ended(.complete)

    mutating func record() throws -> StackFixture {
        let capture = try FileDescriptor.open(options.capture).readAll()
        var fixture = try StackFixture(text: String(decoding: capture, as: UTF8.self))
        let process = try StoppedProcess(pid: options.pid, options: options)
        try copyStack(of: process, into: &fixture)
        fixture.outcome = fixture.withSample { sample in
            LibunwindEngine().unwind(sample, in: process, into: &fixture.frames)
        }
        walked = fixture.frames
        outcome = fixture.outcome
        ReturnAddresses.restore(in: &fixture.frames, of: process)
        SignalFrames.passOver(in: &fixture, of: process)
        keepFiles(of: process, into: &fixture)
        correct(&fixture)
        return fixture
    }

    /// Puts what is true in the place of what libunwind found.
    private func correct(_ fixture: inout StackFixture) {
        if let count = options.debuggerFrames {
            var isExact = true
            fixture.frames = fixture.debugger.prefix(count).map { frame in
                let isSignal = frame.name == "<signal>"
                defer { isExact = isSignal }
                return UnwoundFrame(pc: frame.pc, sp: frame.sp, isExact: isExact || isSignal)
            }
        }
        if let end = options.end { fixture.outcome = end }
        if options.followsFramePointers { followFramePointers(&fixture) }
    }

    /// Where libunwind guesses by rbp it finds the right frame and says a wrong stack pointer: rbp + 16 is right.
    private func followFramePointers(_ fixture: inout StackFixture) {
        var framePointer = fixture.registers.framePointer
        var frames = fixture.frames
        fixture.withSample { sample in
            for index in frames.indices.dropFirst() {
                guard sample.word(at: framePointer &+ 8) == frames[index].pc,
                    let next = sample.word(at: framePointer)
                else { return }
                frames[index].sp = framePointer &+ 16
                framePointer = next
            }
        }
        fixture.frames = frames
    }

    /// Copies from the stack pointer to the end of its mapping. What lies behind the strings of the command line is
    /// blanked: the environment is nobody's business.
    private func copyStack(of process: StoppedProcess, into fixture: inout StackFixture) throws {
        let start = fixture.registers.stackPointer
        let line = try MapsLine.all(of: options.pid).first { $0.range.contains(start) }
        var end = line?.range.upperBound ?? start
        fixture.isCut = end - start > Self.dumpSize
        end = min(end, start &+ Self.dumpSize)
        fixture.stack = process.readable(start..<end)
        guard !fixture.stack.isEmpty else { throw RecorderError(message: "the stack cannot be read") }
        fixture.isCut = fixture.isCut && fixture.stack.count == Int(Self.dumpSize)
        end = start &+ UInt64(fixture.stack.count)
        let secret = try argumentsStart()
        for address in start..<end where secret.contains(address) { fixture.stack[Int(address - start)] = 0 }
    }

    /// Arguments, environment and name of the program (proc_pid_stat(5), fields 48 to 51), up to the end of the stack.
    private func argumentsStart() throws -> Range<UInt64> {
        let text = String(
            decoding: try FileDescriptor.open("/proc/\(options.pid)/stat").readAll(), as: UTF8.self)
        // Field 2 is the name in parentheses, which may contain blanks.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 48, let start = UInt64(fields[45]), let end = UInt64(fields[48]), start < end
        else { throw RecorderError(message: "no arguments in /proc/PID/stat") }
        return start..<(end &+ 8192)
    }

    private func keepFiles(of process: StoppedProcess, into fixture: inout StackFixture) {
        var parts = process.images.map { FramePart($0) }
        for pc in fixture.frames.map(\.pc) + fixture.debugger.map(\.pc) {
            guard let mapping = process.recordedMapping(at: pc), let image = mapping.image else { continue }
            parts[image].add(frame: pc &- mapping.bias)
        }
        fixture.withSample { sample in
            for address in stride(from: sample.stackStart, to: sample.stackEnd, by: 8) {
                guard let word = sample.word(at: address), let mapping = process.recordedMapping(at: word),
                    let image = mapping.image
                else { continue }
                parts[image].add(word: word &- mapping.bias)
            }
        }
        fixture.images = process.images.indices.map { ImagePart(file: process.images[$0], frames: parts[$0]).record() }
        fixture.mappings = process.mappings
    }
}
