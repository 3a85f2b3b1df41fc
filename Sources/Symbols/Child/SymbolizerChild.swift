import Binary
import Glibc
import Platform

/// The life of the child: gives up all rights, says so, and answers requests until the daemon is gone.
///
/// To be called in a process of its own, started with one end of a SOCK_SEQPACKET pair, before any thread is started.
/// - Parameter socket: number of that end.
public func runSymbolizerChild(socket number: Int32) -> Never {
    // The start of a large program has touched much that names never need.
    OwnMemory.dropCode()
    do throws(Errno) {
        let scratch = try ScratchFile.make()
        try SymbolizerSandbox.enter(socket: number, scratch: scratch.number)
        var child = SymbolizerChild(socket: MessageSocket(FileDescriptor(owning: number)), scratch: scratch)
        try child.serve()
        exit(0)
    } catch {
        exit(1)
    }
}

/// Everything that the child holds.
struct SymbolizerChild: ~Copyable {
    /// Seconds for one request, after which the child ends itself: its parent may be gone.
    private static let patience = 30

    /// Requests after which all kinds of files were met once, and between times to give memory back.
    private static let firstTidy = 64
    private static let tidyInterval = 1024

    private let socket: MessageSocket
    private var requests = 0
    private var names: NameSource
    private var lastCPU: UInt64 = 0

    init(socket: consuming MessageSocket, scratch: ScratchFile, indexBytes: Int = 4 << 20) {
        self.socket = socket
        names = NameSource(indexBytes: indexBytes, scratch: scratch)
    }

    mutating func serve() throws(Errno) {
        try socket.send(SymbolResponse(sequence: Wire.hello, cpuNanoseconds: takeCPU(), answers: []).encoded())
        var buffer = [UInt8](repeating: 0, count: Wire.maximumMessage)
        var descriptors: [Int32] = []
        while let size = try socket.receive(into: &buffer, descriptors: &descriptors) {
            setAlarm(seconds: SymbolizerChild.patience)
            // An unreadable request cannot be answered; its sender is the daemon itself, so something is badly wrong.
            guard let request = SymbolRequest(decoding: buffer[0..<size]) else { throw Errno(EBADMSG) }
            try answer(request, descriptors)
            setAlarm(seconds: 0)
            requests += 1
            // What libdw made of a file was large, and is not needed again; nor is its code for some seconds.
            let isDue = requests % SymbolizerChild.tidyInterval == SymbolizerChild.firstTidy
            if isDue || request.question == .lines { OwnMemory.tidy() }
        }
    }

    private mutating func answer(_ request: SymbolRequest, _ descriptors: [Int32]) throws(Errno) {
        let answers = names.answers(to: request, descriptors: descriptors)
        var response = SymbolResponse(sequence: request.sequence, cpuNanoseconds: 0, answers: [])
        var size = 0
        for answer in answers {
            let bytes = SymbolizerChild.size(of: answer)
            if size + bytes > Wire.maximumMessage - 64 {
                try socket.send(response.encoded())
                response.answers = []
                size = 0
            }
            response.answers.append(answer)
            size += bytes
        }
        response.cpuNanoseconds = takeCPU()
        try socket.send(response.encoded())
    }

    private static func size(of answer: SymbolAnswer) -> Int {
        switch answer.outcome {
        case .named(let function, let systemName):
            32 + min(function.utf8.count, Wire.maximumName) + min(systemName.utf8.count, Wire.maximumName)
        case .located(let lines): lines.reduce(32) { $0 + $1.size }
        case .unnamed, .unlocated: 32
        }
    }

    private mutating func takeCPU() -> UInt64 {
        let now = SystemTime.processCPU()
        defer { lastCPU = now }
        return now &- lastCPU
    }

    private func setAlarm(seconds: Int) {
        var timer = itimerval()
        timer.it_value.tv_sec = seconds
        // SAFETY: the kernel reads the timer during the call.
        _ = unsafe setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }
}
