/// A range of virtual addresses of an image, before any load bias.
public struct AddressRange: Hashable, Sendable {
    /// The first address.
    public var address: UInt64
    /// Bytes.
    public var size: UInt64
    /// A range of `size` bytes.
    public init(address: UInt64, size: UInt64) {
        self.address = address
        self.size = size
    }

    /// Whether an address lies inside.
    public func contains(_ other: UInt64) -> Bool { other >= address && other - address < size }
}

/// A PT_LOAD program header. Ends of both ranges fit into 64 bits.
public struct LoadSegment: Hashable, Sendable {
    /// First byte in the file.
    public var fileOffset: UInt64
    /// First virtual address.
    public var address: UInt64
    /// Bytes in the file.
    public var fileSize: UInt64
    /// Bytes in memory; what exceeds `fileSize` is zero.
    public var memorySize: UInt64
    /// PF_X.
    public var executable: Bool
    /// PF_W.
    public var writable: Bool
}

/// A section header (System V ABI, chapter 4, Elf64_Shdr).
public struct ElfSection: Hashable, Sendable {
    /// Index in the table of section headers.
    public var index: Int
    /// Offset of the name in the section name table.
    public var nameOffset: UInt32
    /// sh_type.
    public var type: UInt32
    /// sh_flags.
    public var flags: UInt64
    /// sh_addr: virtual address, 0 if the section is not loaded.
    public var address: UInt64
    /// sh_offset.
    public var fileOffset: UInt64
    /// sh_size in bytes.
    public var size: UInt64
    /// sh_link: of a symbol table, the index of its string table.
    public var link: UInt32
    /// sh_entsize in bytes, 0 if the section is no table.
    public var entrySize: UInt64

    /// SHT_SYMTAB.
    public static let typeSymbols: UInt32 = 2
    /// SHT_NOBITS: the section has no bytes in the file.
    public static let typeNoBits: UInt32 = 8
    /// SHT_DYNSYM.
    public static let typeDynamicSymbols: UInt32 = 11
    /// SHF_COMPRESSED.
    public var isCompressed: Bool { flags & 0x800 != 0 }
}

/// What an ELF file is (e_type).
public enum ElfType: Hashable, Sendable {
    /// Linked to fixed addresses.
    case executable
    /// A shared object or a position-independent executable.
    case sharedObject
    case other(UInt16)
}

/// Name and checksum of a separate debug file (`.gnu_debuglink`).
public struct DebugLink: Hashable, Sendable {
    /// Last component of the path; never contains a slash.
    public var name: String
    /// CRC-32 (polynomial 0xEDB88320) of the whole debug file.
    public var crc: UInt32

    /// A link as a section holds it.
    public init(name: String, crc: UInt32) {
        self.name = name
        self.crc = crc
    }
}
