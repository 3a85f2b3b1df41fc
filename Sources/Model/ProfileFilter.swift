/// Which samples of a target an answer is about. What is `nil` lets every sample pass; all the rest must fit.
public struct ProfileFilter: Hashable, Sendable {
    /// Stacks that contain this function. With ``module`` as well, one frame must be both.
    public var function: NamePattern?
    /// Threads of this name.
    public var thread: NamePattern?
    /// One process.
    public var pid: Int32?
    /// Stacks that contain a frame of this module: its path, or the last component of it; `[kernel]` for the kernel.
    public var module: NamePattern?

    /// A filter; by default one that lets everything pass.
    public init(
        function: NamePattern? = nil, thread: NamePattern? = nil, pid: Int32? = nil, module: NamePattern? = nil
    ) {
        self.function = function
        self.thread = thread
        self.pid = pid
        self.module = module
    }

    /// Lets everything pass.
    public static let everything = ProfileFilter()

    /// Whether stacks must be looked at at all.
    public var asksForFrames: Bool { function != nil || module != nil }

    /// Whether samples of this context pass, as far as the context decides.
    public func matches(_ context: SampleContext) -> Bool {
        (pid == nil || context.process.pid == pid) && (thread?.matches(context.thread) ?? true)
    }

    /// Whether a stack passes because of this frame; inlined functions count as frames.
    public func matches(_ name: FrameName, address: UInt64, module info: ModuleInfo) -> Bool {
        if let module, !module.matches(info.path), !module.matches(info.name) { return false }
        guard let function else { return true }
        if case .lines(let lines) = name, !lines.isEmpty { return lines.contains { function.matches($0.function) } }
        return function.matches(info.placeholder(for: address))
    }
}

/// A name, or several by `*`, which stands for any text. Names contain `*` of their own (`free(void*)`), and match
/// themselves all the same.
public struct NamePattern: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// What lies between the stars.
    private let parts: [[UInt8]]

    /// Longest pattern in bytes: names of templates have thousands.
    public static let longest = 16_384
    /// Longest pattern whose stars count, which bounds the work for a name; longer ones match themselves only.
    private static let longestWithStars = 1_024

    /// `nil` for an empty text and for one that is too long.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.longest else { return nil }
        description = text
        guard text.utf8.count <= Self.longestWithStars else {
            parts = []
            return
        }
        parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    /// Whether the whole name fits. O(name × pattern) at worst: each part is taken at its first place, which leaves the
    /// most for those behind it.
    public func matches(_ name: String) -> Bool {
        if name == description { return true }
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return false }
        let bytes = Array(name.utf8)
        guard bytes.count >= first.count + last.count, bytes.starts(with: first),
            bytes.suffix(last.count).elementsEqual(last)
        else { return false }
        var rest = bytes[first.count..<bytes.count - last.count]
        for part in parts[1..<parts.count - 1] where !part.isEmpty {
            guard let end = Self.end(of: part, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    /// Where the first occurrence of a part ends.
    private static func end(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard part.count <= bytes.count else { return nil }
        for start in bytes.startIndex...(bytes.endIndex - part.count)
        where bytes[start] == part[0] && bytes[start..<start + part.count].elementsEqual(part) {
            return start + part.count
        }
        return nil
    }
}
