import CPlatform

/// Memory of other tasks, read without stopping them: process_vm_readv(2).
public enum TaskMemory {
    /// A range of a task's memory and where its copy goes.
    @safe
    public struct Piece {
        fileprivate let piece: hearth_piece

        /// - Parameters:
        ///   - address: first byte, in the task.
        ///   - target: has room for as many bytes as are wanted, and outlives the read.
        public init(at address: UInt64, into target: UnsafeMutableRawBufferPointer) {
            unsafe piece = hearth_piece(address: address, target: target.baseAddress, count: UInt64(target.count))
        }
    }

    /// Copies at most four pieces one after the other by one system call, and ends at the first page that cannot be read.
    ///
    /// - Parameter task: any thread of the process.
    /// - Returns: bytes copied of all pieces together.
    /// - Throws: ESRCH when the task is gone, EPERM without the right to trace it, EFAULT when not even the first page
    ///   can be read.
    public static func read(task: Int32, _ pieces: [Piece]) throws(Errno) -> Int {
        let pieces = unsafe pieces.map { unsafe $0.piece }
        // SAFETY: the kernel writes into the targets only, whose sizes it is told; addresses of the task are only numbers.
        return Int(try retrying { unsafe hearth_read_task(task, pieces, Int32(pieces.count)) })
    }
}
