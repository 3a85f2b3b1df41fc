public import Platform

/// An open file that several may hold; closed when the last one lets go.
public final class OpenFile: Sendable {
    /// The descriptor.
    public let descriptor: FileDescriptor

    /// Takes over a descriptor.
    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// The number of the descriptor, valid while this object lives.
    public var number: Int32 { descriptor.number }
}

/// The open files that the names of a module come from.
public struct ModuleFiles: Sendable {
    /// What the main file is.
    public var kind: ModuleFileKind
    /// The file that is mapped; the text for kallsyms and perf maps.
    public var main: OpenFile
    /// Separate debug files, the best first; at most four are looked at. They need not match: that is checked.
    public var debugFiles: [OpenFile]
    /// The build-id of the map record, empty if unknown: what is quarantined when the file brings the child down.
    public var buildID: [UInt8]

    /// Bytes that a perf map has now, 0 for other kinds.
    public var textSize: UInt64 { TextFile(self).size }

    /// Files of one module.
    public init(kind: ModuleFileKind, main: OpenFile, debugFiles: [OpenFile] = [], buildID: [UInt8] = []) {
        self.kind = kind
        self.main = main
        self.debugFiles = debugFiles
        self.buildID = buildID
    }

    /// An ELF image that exists in memory only (the vDSO), copied into a memfd.
    public static func image(_ bytes: [UInt8], buildID: [UInt8] = []) throws(Errno) -> ModuleFiles {
        ModuleFiles(kind: .elf, main: OpenFile(try memoryFile(bytes)), buildID: buildID)
    }
}
