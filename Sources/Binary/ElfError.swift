/// What is wrong with a file that should be an ELF image.
public enum ElfError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Shorter than the header of an ELF file, or unreadable.
    case truncatedHeader
    /// The first four bytes are not those of ELF.
    case notElf
    /// ELF, but not 64-bit little-endian of version 1; says which.
    case unsupported(String)
    /// The header states another size for a program header than 56 bytes.
    case programHeaderSize(Int)
    /// More program headers than any linker makes.
    case tooManyProgramHeaders(Int)
    /// A program header lies beyond the end of the file.
    case programHeaderOutsideFile(index: Int)
    /// A segment's end does not fit into 64 bits.
    case segmentOverflow(index: Int)

    /// One line for a log.
    public var description: String {
        switch self {
        case .truncatedHeader: "the file is shorter than an ELF header"
        case .notElf: "not an ELF file"
        case .unsupported(let what): "unsupported ELF file: \(what)"
        case .programHeaderSize(let size): "program headers of \(size) bytes instead of 56"
        case .tooManyProgramHeaders(let count): "\(count) program headers"
        case .programHeaderOutsideFile(let index): "program header \(index) lies outside of the file"
        case .segmentOverflow(let index): "segment \(index) ends beyond 64 bits"
        }
    }
}
