import CSandbox
import Glibc
import Platform

/// One end of the socket pair: whole messages, with open descriptors on them.
struct MessageSocket: ~Copyable {
    private let descriptor: FileDescriptor
    var number: Int32 { descriptor.number }

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Sends a message and lends descriptors, which stay the caller's.
    borrowing func send(_ message: [UInt8], lending descriptors: [Int32] = []) throws(Errno) {
        // SAFETY: both arrays are read during the call, with their own counts.
        _ = try retrying {
            unsafe hearth_send_message(number, message, message.count, descriptors, Int32(descriptors.count))
        }
    }

    /// Receives a message into `buffer`; `nil` when the other end is gone. The descriptors belong to the caller.
    borrowing func receive(into buffer: inout [UInt8], descriptors: inout [Int32]) throws(Errno) -> Int? {
        descriptors = [Int32](repeating: -1, count: 1 + Wire.maximumDebugFiles)
        var count = Int32(descriptors.count)
        let capacity = count
        let got = try retrying {
            count = capacity
            // SAFETY: written are at most buffer.count bytes and `capacity` descriptors.
            return unsafe hearth_receive_message(number, &buffer, buffer.count, &descriptors, &count)
        }
        descriptors.removeLast(descriptors.count - Int(count))
        return got == 0 ? nil : got
    }
}
