import Glibc
import Platform

/// Why a request to the child has no answer.
enum SymbolizerFailure: Error {
    /// The child ended, or said something that it never says.
    case crashed
    /// No answer in time.
    case timedOut
}

/// A running child and the daemon's end of its socket. Ends the child with itself.
final class SymbolizerProcess {
    let pid: pid_t
    private let socket: MessageSocket
    private var buffer = [UInt8](repeating: 0, count: Wire.maximumMessage)
    private var sequence: UInt32 = 0
    private var isReaped = false

    /// Starts the child and waits until its walls stand.
    /// - Parameters:
    ///   - executable: a program that calls ``runSymbolizerChild(socket:)`` with 3.
    ///   - arguments: its arguments without the name of the program.
    ///   - timeout: milliseconds that it has for that.
    init(executable: String, arguments: [String], timeout: Int32) throws(Errno) {
        var pair: [Int32] = [-1, -1]
        // SAFETY: socketpair fills two numbers.
        _ = try retrying {
            unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
        }
        socket = MessageSocket(FileDescriptor(owning: pair[0]))
        let theirs = FileDescriptor(owning: pair[1])
        pid = try ChildSpawn.start(executable, arguments, socket: theirs)
        _ = consume theirs
        guard let hello = try? receive(timeout: timeout), hello.sequence == Wire.hello else {
            end()
            throw Errno(ECHILD)
        }
    }

    deinit { end() }

    /// Sends a request, which gets the next number, with its descriptors, and collects all answers.
    func ask(
        _ question: SymbolRequest, descriptors: [Int32], timeout: Int32
    ) throws(SymbolizerFailure) -> (answers: [SymbolAnswer], cpuNanoseconds: UInt64) {
        sequence = (sequence &+ 1) & 0x7fff_ffff
        var request = question
        request.sequence = sequence
        do throws(Errno) {
            try socket.send(request.encoded(), lending: descriptors)
        } catch {
            throw .crashed
        }
        var answers: [SymbolAnswer] = []
        var cpu: UInt64 = 0
        while answers.count < request.addresses.count {
            let response = try receive(timeout: timeout)
            guard response.sequence == sequence, !response.answers.isEmpty else { throw .crashed }
            answers.append(contentsOf: response.answers)
            cpu &+= response.cpuNanoseconds
        }
        return (answers, cpu)
    }

    /// One message; the child is trusted in nothing but to be slow.
    private func receive(timeout: Int32) throws(SymbolizerFailure) -> SymbolResponse {
        var events = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        guard let ready = try? retrying({ unsafe poll(&events, 1, timeout) }) else { throw .crashed }
        if ready == 0 { throw .timedOut }
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        guard let size = try? socket.receive(into: &buffer, descriptors: &descriptors),
            let response = SymbolResponse(decoding: buffer[0..<size])
        else { throw .crashed }
        return response
    }

    /// Kills the child and waits for its end, which SIGKILL makes short.
    private func end() {
        if isReaped { return }
        isReaped = true
        kill(pid, SIGKILL)
        var status: Int32 = 0
        _ = try? retrying { unsafe waitpid(pid, &status, 0) }
    }
}
