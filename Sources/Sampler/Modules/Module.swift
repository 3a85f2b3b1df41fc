import Binary
import Model
import Platform
import Runtimes
import Unwinder

/// A file or a region of code that is mapped somewhere, and its bytes once they were needed.
///
/// Owned by the sampler's thread.
final class Module: ImageBytes {
    enum State {
        /// Not sampled yet: nothing was opened.
        case unopened
        case open(ElfImage)
        /// Cannot be read; why.
        case unreadable(UnnamedReason)
        /// The same file was known already under another identity.
        case duplicate(Module)
    }

    let id: ModuleID
    var number: UInt64 { UInt64(id.rawValue) }
    let identity: FileIdentity
    var info: ModuleInfo
    private(set) var state = State.unopened
    /// Counts uses, so that the longest unused file is closed first.
    var lastUse: UInt64 = 0
    private var triedFor: ProcessKey?
    private var attempts = 0
    /// Whether the readers of names have been told about the module.
    var wasAnnounced = false
    private(set) var unwindTable: UnwindTable?
    /// Reads the frames of this file if it is a managed runtime's code.
    private(set) var frameReader: (any FrameReader)?

    init(id: ModuleID, identity: FileIdentity, info: ModuleInfo) {
        self.id = id
        self.identity = identity
        self.info = info
    }

    /// The module that stands for this one.
    var canonical: Module {
        if case .duplicate(let other) = state { return other }
        return self
    }

    /// The open image.
    var image: ElfImage? {
        if case .open(let image) = state { return image }
        return nil
    }

    func open(_ image: ElfImage) {
        state = .open(image)
        frameReader = FrameReaders.reader(for: image)
        unwindTable = Self.unwindTable(of: image)
    }

    /// The linker's table, else one made from the section: static programs have no header.
    private static func unwindTable(of image: ElfImage) -> UnwindTable? {
        let words = ImageWords(image)
        if let header = image.ehFrameHeader,
            let table = UnwindTable(header: header.address, size: header.size, in: words)
        {
            return table
        }
        guard let section = image.section(named: ".eh_frame") else { return nil }
        return UnwindTable(ehFrame: section.address, size: section.size, in: words)
    }

    func markUnreadable(_ reason: UnnamedReason, for process: ProcessKey? = nil) {
        state = .unreadable(reason)
        triedFor = process
        attempts += 1
    }

    /// Processes in which opening a file is tried before it is given up.
    private static let maximumAttempts = 32

    /// Whether the file is to be opened now: never tried, or it failed in another process, which may have been gone.
    func shouldOpen(for process: ProcessKey) -> Bool {
        switch state {
        case .unopened: true
        case .unreadable(.fileGone), .unreadable(.fileReplaced):
            info.kind == .elf && triedFor != process && attempts < Self.maximumAttempts
        case .unreadable, .open, .duplicate: false
        }
    }

    func markDuplicate(of other: Module) { state = .duplicate(other) }

    /// Closes the file; it is opened again when it is needed.
    func close() {
        guard case .open = state else { return }
        state = .unopened
        frameReader = nil
    }

    func readWord(atAddress address: UInt64) -> UInt64? { image?.readWord(atAddress: address) }
    var entryPoint: UInt64 { image?.entryPoint ?? 0 }

    /// Address in the process minus address in the image, for an executable mapping of this module.
    ///
    /// The kernel maps whole pages: the mapping starts at the page of the segment's first byte, which may still belong
    /// to the segment before it in the file (lld lays segments out that way), so the segment is looked for by its pages.
    func bias(of mapping: Mapping) -> UInt64? {
        guard let image else { return nil }
        let page: UInt64 = 4095
        let segment = image.segments.first { segment in
            segment.executable && segment.fileOffset & ~page <= mapping.fileOffset
                && mapping.fileOffset < segment.fileOffset &+ segment.fileSize
        }
        guard let segment else { return nil }
        return mapping.range.lowerBound &- (segment.address &+ mapping.fileOffset &- segment.fileOffset)
    }
}

/// An image as the unwinder wants to see it, before it belongs to a module.
private final class ImageWords: ImageBytes {
    private let image: ElfImage
    init(_ image: ElfImage) { self.image = image }
    func readWord(atAddress address: UInt64) -> UInt64? { image.readWord(atAddress: address) }
    var unwindTable: UnwindTable? { nil }
    var number: UInt64 { 0 }
}
