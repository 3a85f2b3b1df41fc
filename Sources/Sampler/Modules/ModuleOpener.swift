import Binary
import CPlatform
import Glibc
import Model
import Platform

/// A file that was opened and found to be the one that is mapped.
final class OpenedImage {
    let image: ElfImage
    /// A second descriptor of the file for the readers of names.
    private var duplicate: FileDescriptor?

    init(image: ElfImage, duplicate: consuming FileDescriptor?) {
        self.image = image
        self.duplicate = duplicate
    }

    /// Gives the second descriptor away.
    func takeDuplicate() -> FileDescriptor? { duplicate.take() }
}

/// Opens the files behind mappings, wherever they can still be reached, and makes sure that they are the mapped ones.
///
/// Targets choose their paths and may change files at any time: paths are resolved below the process's own root without
/// magic links, only regular files are opened, never with blocking.
final class ModuleOpener {
    struct Failure: Error {
        var reason: UnnamedReason
    }

    private let procRoot: String
    private let cache: BlockCache
    private var nextImage: UInt32 = 1

    init(procRoot: String, cache: BlockCache) {
        self.procRoot = procRoot
        self.cache = cache
    }

    /// Tries, in this order: the mapping itself (also deleted files; needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN), the
    /// executable's link, the path below the root of the process, of its ancestors, and of the daemon.
    func open(_ mapping: Mapping, of process: Process) -> Result<OpenedImage, Failure> {
        var reason = UnnamedReason.fileGone
        for way in Way.allCases {
            guard let file = descriptor(way, mapping, process) else { continue }
            switch check(file, against: mapping.module) {
            case .success(let opened): return .success(opened)
            case .failure(let failure): if failure.reason != .fileGone { reason = failure.reason }
            }
        }
        return .failure(Failure(reason: reason))
    }

    private enum Way: CaseIterable { case mapFile, executable, ownRoot, parentRoot, hostRoot }

    private func descriptor(_ way: Way, _ mapping: Mapping, _ process: Process) -> FileDescriptor? {
        let pid = process.key.pid
        let path = mapping.module.info.path
        switch way {
        case .mapFile:
            let name = Self.hexadecimal(mapping.range)
            return regular("\(procRoot)/\(pid)/map_files/\(name)")
        case .executable:
            guard process.executable == path else { return nil }
            return regular("\(procRoot)/\(pid)/exe")
        case .ownRoot: return below(root: "\(procRoot)/\(pid)/root", path)
        case .parentRoot: return below(root: "\(procRoot)/\(process.parent)/root", path)
        case .hostRoot: return below(root: "/", path)
        }
    }

    private static func hexadecimal(_ range: Range<UInt64>) -> String {
        String(range.lowerBound, radix: 16) + "-" + String(range.upperBound, radix: 16)
    }

    private func regular(_ path: String) -> FileDescriptor? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) else { return nil }
        return Self.onlyRegular(file)
    }

    private func below(root: String, _ path: String) -> FileDescriptor? {
        guard path.hasPrefix("/"), let directory = try? FileDescriptor.openDirectory(root) else {
            return nil
        }
        guard let file = try? directory.openBelow(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) else { return nil }
        return Self.onlyRegular(file)
    }

    private static func onlyRegular(_ file: consuming FileDescriptor) -> FileDescriptor? {
        guard let status = try? file.status(), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return file
    }

    private func check(_ file: borrowing FileDescriptor, against module: Module) -> Result<OpenedImage, Failure> {
        guard let status = try? file.status(), let own = try? file.duplicate() else {
            return .failure(Failure(reason: .fileGone))
        }
        if case .inode(_, let inode) = module.identity, inode != UInt64(status.st_ino) {
            return .failure(Failure(reason: .fileReplaced))
        }
        nextImage &+= 1
        guard let image = try? ElfImage(file: own, number: nextImage, cache: cache) else {
            return .failure(Failure(reason: .malformed))
        }
        if case .buildID(let id) = module.identity, BuildID(image.buildID) != id {
            return .failure(Failure(reason: .fileReplaced))
        }
        return .success(OpenedImage(image: image, duplicate: try? file.duplicate()))
    }
}
