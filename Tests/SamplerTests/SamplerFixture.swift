import Binary
import Model
import TestKit

@testable import Sampler

extension Module {
    /// A module that nobody opens.
    static func some(_ number: UInt32) -> Module {
        Module(
            id: ModuleID(rawValue: number), identity: .inode(device: 1, inode: UInt64(number)),
            info: ModuleInfo(kind: .elf, path: "/m\(number)", buildID: ""))
    }
}

extension ModuleTable {
    /// A table that opens the files of this host.
    static func some(procRoot: String = "/proc") -> ModuleTable {
        ModuleTable(opener: ModuleOpener(procRoot: procRoot, cache: BlockCache()), openLimit: 16) { _ in }
    }
}
