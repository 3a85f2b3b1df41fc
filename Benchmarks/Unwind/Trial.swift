import Platform

/// Walks a corpus by one contestant: once to see what it finds, then again and again for the time that it takes.
@safe
final class Trial {
    private let contestant: any Contestant
    private let corpus: Corpus
    /// What it found for every stack, leaf first.
    private(set) var stacks: [[UInt64]] = []
    /// Nanoseconds of CPU time of the first pass over all stacks, caches empty.
    private(set) var first: UInt64 = 0
    private let room: UnsafeMutableBufferPointer<UInt64>

    /// At least so many passes, for at least so many nanoseconds: other work on the machine evicts caches.
    private static let passes = 7
    private static let duration: UInt64 = 400_000_000

    init(_ contestant: any Contestant, _ corpus: Corpus) {
        self.contestant = contestant
        self.corpus = corpus
        unsafe room = .allocate(capacity: 8192)
        first = pass(over: Array(corpus.samples.indices))
        for index in corpus.samples.indices {
            let count = unsafe contestant.walk(corpus, index, into: room)
            // SAFETY: the contestant has written so many.
            stacks.append(unsafe Array(room[0..<count]))
        }
    }

    deinit { unsafe room.deallocate() }

    private func pass(over indices: [Int]) -> UInt64 {
        let start = SystemTime.threadCPU()
        for index in indices { _ = unsafe contestant.walk(corpus, index, into: room) }
        return SystemTime.threadCPU() - start
    }

    /// Nanoseconds of the fastest pass over some stacks, each of them once and in order.
    func fastest(over indices: [Int]) -> UInt64 {
        var best = UInt64.max
        var spent: UInt64 = 0
        var passes = 0
        while passes < Self.passes || spent < Self.duration && !indices.isEmpty {
            let time = pass(over: indices)
            best = min(best, time)
            spent += time
            passes += 1
        }
        return best
    }

    /// How a contestant's stack compares with another's.
    enum Agreement: Int { case identical, prefix, divergent }

    /// The same frames, one of the two gave up earlier, or different frames.
    func agreement(with other: Trial, at index: Int) -> Agreement {
        let (one, two) = (stacks[index], other.stacks[index])
        let common = zip(one, two).prefix { Self.isSame($0, $1) }.count
        if common == one.count && common == two.count { return .identical }
        return common == min(one.count, two.count) ? .prefix : .divergent
    }

    /// Whether another contestant found all frames of a stack, or all but the outermost one.
    func covers(_ other: Trial, at index: Int) -> Bool {
        let (one, two) = (stacks[index], other.stacks[index])
        guard two.count == one.count || two.count + 1 == one.count && !two.isEmpty else { return false }
        return zip(one, two).allSatisfy { Self.isSame($0, $1) }
    }

    /// Engines of Hearth name an address inside of the call, the others the return address.
    private static func isSame(_ one: UInt64, _ other: UInt64) -> Bool { one == other || one &+ 1 == other }
}
