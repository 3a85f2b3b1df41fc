import Model

/// What a profile knows about the frames of one module: bounds of its addresses and which names are there.
struct ModuleRange {
    /// Addresses of files are offsets in them, so their mapping starts at 0; others start at the lowest address seen.
    var start: UInt64 = 0
    var limit: UInt64 = 0
    var hasFunctions = true
    var hasFilenames = true
    var hasLineNumbers = true
    var hasInlineFrames = false
    private var isUsed = false

    private static let page: UInt64 = 4096

    static func of(_ profile: Profile) -> [ModuleRange] {
        var ranges = [ModuleRange](repeating: ModuleRange(), count: profile.modules.count)
        for frame in profile.frames where profile.modules.indices.contains(Int(frame.module)) {
            let kind = profile.modules[Int(frame.module)].kind
            ranges[Int(frame.module)].add(frame, isFile: kind == .elf || kind == .vdso)
        }
        for index in ranges.indices where !ranges[index].isUsed { ranges[index].clear() }
        return ranges
    }

    private mutating func add(_ frame: ProfileFrame, isFile: Bool) {
        let floor = frame.address & ~(Self.page - 1)
        let (ceiling, overflow) = floor.addingReportingOverflow(Self.page)
        if !isFile { start = isUsed ? min(start, floor) : floor }
        limit = max(limit, overflow ? .max : ceiling)
        isUsed = true
        guard case .lines(let lines) = frame.name, !lines.isEmpty else {
            // Every frame is written with a function; one that stands for an address is no reason for a reader to look
            // for names again, which takes it minutes and finds none.
            (hasFilenames, hasLineNumbers) = (false, false)
            return
        }
        hasFilenames = hasFilenames && lines.allSatisfy { !$0.file.isEmpty }
        hasLineNumbers = hasLineNumbers && lines.allSatisfy { $0.line > 0 }
        hasInlineFrames = hasInlineFrames || lines.count > 1
    }

    /// A mapping without a frame claims nothing.
    private mutating func clear() { (hasFunctions, hasFilenames, hasLineNumbers) = (false, false, false) }
}

/// The module that readers call the main one and that therefore comes first.
enum MainModule {
    /// The module of the executable in which most was seen; `nil` when no executable is among the modules.
    static func index(of profile: Profile) -> Int32? {
        var weights: [String: Double] = [:]
        for sample in profile.samples {
            weights[profile.contexts[Int(sample.context)].executable, default: 0] += sample.weight
        }
        let ranked = weights.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for (path, _) in ranked where !path.isEmpty {
            if let index = profile.modules.firstIndex(where: { $0.kind == .elf && $0.path == path }) {
                return Int32(index)
            }
        }
        return nil
    }
}
