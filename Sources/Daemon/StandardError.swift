import Glibc

/// The daemon's only output beside its sockets.
enum StandardError {
    /// Writes a text with as few calls as the system allows: one, unless it is a full pipe.
    /// What cannot be written is lost: a log is no reason to stop.
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                // SAFETY: the pointer and the count stay inside of the lent buffer.
                let count = unsafe Glibc.write(
                    STDERR_FILENO, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return }
                done += count
            }
        }
    }
}
