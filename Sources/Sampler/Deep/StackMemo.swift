import Unwinder

/// The frames of a thread's last stack that was found whole, to be used again where memory proves that they still hold.
struct StackMemo {
    /// Inner frames first; stack pointers ascend.
    private let frames: [UnwoundFrame]
    /// Address behind the outermost return address.
    let end: UInt64

    /// Frames before the last frame of a dump that must agree as well.
    private static let context = 3

    /// `nil` where stack pointers do not ascend: a stack of several parts.
    init?(_ frames: some Collection<UnwoundFrame>) {
        var last: UInt64 = 0
        for frame in frames {
            guard frame.sp >= last else { return nil }
            last = frame.sp
        }
        guard last > 0 else { return nil }
        self.frames = Array(frames)
        end = last
    }

    /// Bytes held.
    var bytes: Int { frames.capacity * MemoryLayout<UnwoundFrame>.stride }

    /// What memory says about the callers of a frame.
    enum Answer: Equatable {
        /// They are these, as they were.
        case proven(ArraySlice<UnwoundFrame>)
        /// The frame is at its old place, but not all of its callers are.
        case contradicted
        /// The frame is not known, or memory that would prove its callers was not read.
        case unknown
    }

    /// The callers of the last of the `walked` frames, if that frame and those before it were at the same places, and every
    /// return address between it and the root is still in memory.
    ///
    /// A call leaves its return address below the caller's stack pointer. Frames that were entered without a call (a
    /// signal's) have none and are believed if their neighbours hold.
    ///
    /// - Parameters:
    ///   - word: memory above the dump; `nil` where it was not read.
    ///   - mayHaveGap: whether words that were not read are believed, if those at the outer end were.
    func callers(of walked: [UnwoundFrame], mayHaveGap: Bool, word: (UInt64) -> UInt64?) -> Answer {
        guard let last = walked.last, let index = place(of: last), agrees(before: index, walked) else {
            return .unknown
        }
        var proven = 0
        var isOuterProven = true
        for frame in frames[(index + 1)...] where !frame.isExact {
            guard let found = word(frame.sp &- 8) else {
                guard mayHaveGap else { return .unknown }
                isOuterProven = false
                continue
            }
            guard found == frame.pc else { return .contradicted }
            proven += 1
            isOuterProven = true
        }
        return proven > 0 && isOuterProven ? .proven(frames[(index + 1)...]) : .unknown
    }

    private func place(of frame: UnwoundFrame) -> Int? {
        var low = 0
        var high = frames.count
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].sp < frame.sp { low = middle + 1 } else { high = middle }
        }
        return frames[low...].prefix { $0.sp == frame.sp }.firstIndex { $0.pc == frame.pc }
    }

    private func agrees(before index: Int, _ walked: [UnwoundFrame]) -> Bool {
        for distance in 0..<(1 + min(Self.context, index, walked.count - 1)) {
            let (known, found) = (frames[index - distance], walked[walked.count - 1 - distance])
            guard known.pc == found.pc, known.sp == found.sp else { return false }
        }
        return true
    }
}
