/// An executable mapping of a process.
struct Mapping {
    var range: Range<UInt64>
    var fileOffset: UInt64
    var module: Module

    /// The part of the mapping inside `part`.
    func clipped(to part: Range<UInt64>) -> Mapping {
        var copy = self
        copy.range = range.clamped(to: part)
        copy.fileOffset = fileOffset &+ (copy.range.lowerBound - range.lowerBound)
        return copy
    }
}

/// The executable mappings of a process, sorted by address, never overlapping. A value: a fork copies it for nothing.
struct ProcessMaps {
    /// Hostile programs can map code without end; what lies beyond is not learnt.
    static let maximumMappings = 1 << 16

    private(set) var mappings: [Mapping] = []

    /// The mapping that covers an address: O(log n).
    func mapping(at address: UInt64) -> Mapping? {
        let index = firstIndex(endingAfter: address)
        guard index < mappings.count, mappings[index].range.contains(address) else { return nil }
        return mappings[index]
    }

    /// The executable mappings next to an address, nearest first on each side: a file's data lie around its code.
    func neighbours(of address: UInt64) -> ArraySlice<Mapping> {
        let index = firstIndex(endingAfter: address)
        return mappings[max(0, index - 2)..<min(mappings.count, index + 2)]
    }

    private func firstIndex(endingAfter address: UInt64) -> Int {
        var low = 0
        var high = mappings.count
        while low < high {
            let middle = (low + high) / 2
            if mappings[middle].range.upperBound > address { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Adds a mapping in place of what it covers. False if it was refused.
    @discardableResult
    mutating func insert(_ new: Mapping) -> Bool {
        guard !new.range.isEmpty, mappings.count < Self.maximumMappings else { return false }
        let low = firstIndex(endingAfter: new.range.lowerBound)
        var high = low
        var pieces: [Mapping] = []
        while high < mappings.count, mappings[high].range.lowerBound < new.range.upperBound {
            let old = mappings[high]
            if old.range.lowerBound < new.range.lowerBound {
                pieces.append(old.clipped(to: old.range.lowerBound..<new.range.lowerBound))
            }
            if old.range.upperBound > new.range.upperBound {
                pieces.append(old.clipped(to: new.range.upperBound..<old.range.upperBound))
            }
            high += 1
        }
        let place = pieces.firstIndex { $0.range.lowerBound > new.range.lowerBound } ?? pieces.count
        pieces.insert(new, at: place)
        mappings.replaceSubrange(low..<high, with: pieces)
        return true
    }
}
