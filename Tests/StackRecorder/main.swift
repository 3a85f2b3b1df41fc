import Glibc
import Platform
import StackFixtures
import Unwinder

/// Records the stack of a thread that a debugger holds; `scripts/record-fixture` runs it.
func options() -> RecorderOptions? {
    var options = RecorderOptions()
    var plain: [String] = []
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
        switch argument {
        case "--unreadable":
            guard let name = arguments.popFirst() else { return nil }
            options.unreadable.insert(name)
        case "--gdb-frames":
            guard let count = arguments.popFirst().flatMap({ $0 == "all" ? Int.max : Int($0) }) else { return nil }
            options.debuggerFrames = count
        case "--end":
            guard let end = arguments.popFirst().flatMap({ UnwindOutcome(recorded: $0) }) else { return nil }
            options.end = end
        case "--frame-pointers": options.followsFramePointers = true
        case "--native-runtimes": options.nativeRuntimes = true
        default: plain.append(argument)
        }
    }
    guard plain.count == 3, let pid = Int32(plain[0]) else { return nil }
    (options.pid, options.capture, options.output) = (pid, plain[1], plain[2])
    return options
}

func write(_ text: String, to path: String) throws {
    let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        // SAFETY: the bytes are lent for the call.
        let count = try retrying {
            unsafe rest.withUnsafeBytes { unsafe Glibc.write(file.number, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
    }
}

/// The file has to give the same walk as the process did.
func check(_ text: String, against recorder: Recorder) throws {
    let fixture = try StackFixture(text: text)
    let space = FixtureSpace(fixture)
    var frames: [UnwoundFrame] = []
    let outcome = fixture.withSample { LibunwindEngine().unwind($0, in: space, into: &frames) }
    guard frames == recorder.walked, outcome == recorder.outcome, space.missing.isEmpty else {
        throw RecorderError(message: "the file does not give the walk of the process: \(space.missing.prefix(4))")
    }
}

guard let options = options() else {
    print(
        "usage: hearth-fixture PID CAPTURE OUTPUT [--unreadable NAME]… [--native-runtimes] [--frame-pointers] [--gdb-frames N|all] [--end END]"
    )
    exit(2)
}
do {
    var recorder = Recorder(options: options)
    let fixture = try recorder.record()
    let text = fixture.text()
    try check(text, against: recorder)
    guard text.utf8.count <= 200 << 10 else {
        throw RecorderError(message: "\(text.utf8.count) bytes are more than 200 KiB")
    }
    try write(text, to: options.output)
    print(
        "\(fixture.frames.count) frames, \(fixture.outcome), gdb \(fixture.debugger.count), "
            + "\(fixture.agreement) agree\(fixture.isConfirmed ? "" : ": DIFFERS"), \(text.utf8.count) bytes")
} catch let error as RecorderError {
    print("hearth-fixture: \(error.message)")
    exit(1)
} catch {
    print("hearth-fixture: \(error)")
    exit(1)
}
