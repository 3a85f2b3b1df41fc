import Binary
import Model
import Platform
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
    let identity: FileIdentity
    var info: ModuleInfo
    private(set) var state = State.unopened
    /// Counts uses, so that the longest unused file is closed first.
    var lastUse: UInt64 = 0
    /// Whether the readers of names have been told about the module.
    var wasAnnounced = false
    private(set) var unwindTable: UnwindTable?

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
        unwindTable = image.ehFrameHeader.flatMap { range in
            UnwindTable(header: range.address, size: range.size, in: ImageWords(image))
        }
    }

    func markUnreadable(_ reason: UnnamedReason) { state = .unreadable(reason) }

    func markDuplicate(of other: Module) { state = .duplicate(other) }

    /// Closes the file; it is opened again when it is needed.
    func close() {
        if case .open = state { state = .unopened }
    }

    func readWord(atAddress address: UInt64) -> UInt64? { image?.readWord(atAddress: address) }

    /// Address in the process minus address in the image, for a mapping of this module.
    func bias(of mapping: Mapping) -> UInt64? {
        guard let image, let address = image.address(ofFileOffset: mapping.fileOffset) else { return nil }
        return mapping.range.lowerBound &- address
    }
}

/// An image as the unwinder wants to see it, before it belongs to a module.
private final class ImageWords: ImageBytes {
    private let image: ElfImage
    init(_ image: ElfImage) { self.image = image }
    func readWord(atAddress address: UInt64) -> UInt64? { image.readWord(atAddress: address) }
    var unwindTable: UnwindTable? { nil }
}
