import CSandbox
import Glibc
import Platform

/// An anonymous file with a content.
func memoryFile(_ bytes: [UInt8]) throws(Errno) -> FileDescriptor {
    let file = FileDescriptor(owning: try retrying { unsafe hearth_memory_file("hearth-image") })
    var done = 0
    while done < bytes.count {
        done += try retrying {
            unsafe bytes.withUnsafeBytes { all in
                // SAFETY: done < count.
                unsafe pwrite(file.number, all.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(done))
            }
        }
    }
    return file
}
