import Glibc
import Model
import Platform
import TestKit
import Testing
import Unwinder

@testable import Sampler

struct StackMemoTests {
    /// Ten frames of 0x100 bytes, the innermost at 0x1000.
    private static let frames = (0..<10).map {
        UnwoundFrame(pc: 0x40_0000 + UInt64($0), sp: 0x1000 + UInt64($0) * 0x100, isExact: $0 == 0)
    }
    private let memo = StackMemo(frames)

    /// Memory in which every return address stands where its call left it.
    private func memory(except: [UInt64: UInt64] = [:], readable: @escaping (UInt64) -> Bool = { _ in true }) -> (
        UInt64
    ) ->
        UInt64?
    {
        { address in
            guard readable(address) else { return nil }
            if let other = except[address] { return other }
            return Self.frames.first { $0.sp &- 8 == address }?.pc
        }
    }

    @Test func provesWhatIsInMemory() {
        let walked = Array(Self.frames.prefix(4))
        #expect(memo?.callers(of: walked, mayHaveGap: false, word: memory()) == .proven(Self.frames[4...]))
        #expect(memo?.end == Self.frames.last?.sp)
    }

    @Test func oneOtherReturnAddressContradicts() {
        let walked = Array(Self.frames.prefix(4))
        for frame in Self.frames.dropFirst(4) {
            let word = memory(except: [frame.sp - 8: 7])
            #expect(memo?.callers(of: walked, mayHaveGap: true, word: word) == .contradicted)
        }
    }

    @Test func otherPlacesAreUnknown() {
        var moved = Array(Self.frames.prefix(4))
        moved[3].sp += 8
        #expect(memo?.callers(of: moved, mayHaveGap: true, word: memory()) == .unknown)
        var other = Array(Self.frames.prefix(4))
        other[2].pc += 1
        #expect(memo?.callers(of: other, mayHaveGap: true, word: memory()) == .unknown)
        #expect(memo?.callers(of: [], mayHaveGap: true, word: memory()) == .unknown)
        #expect(memo?.callers(of: Self.frames, mayHaveGap: true, word: memory()) == .unknown)
    }

    @Test func gapsAreBridgedOnlyWhenAskedAndClosed() {
        let walked = Array(Self.frames.prefix(4))
        let gap = memory { $0 < 0x1500 || $0 > 0x1800 }
        #expect(memo?.callers(of: walked, mayHaveGap: false, word: gap) == .unknown)
        #expect(memo?.callers(of: walked, mayHaveGap: true, word: gap) == .proven(Self.frames[4...]))
        let open = memory { $0 < 0x1500 }
        #expect(memo?.callers(of: walked, mayHaveGap: true, word: open) == .unknown)
    }

    @Test func stacksOfSeveralPartsAreNotRemembered() {
        #expect(StackMemo(Self.frames.reversed()) == nil)
        #expect(StackMemo([]) == nil)
    }
}

struct TimeAllowanceTests {
    @Test func staysBelowItsShare() {
        var allowance = TimeAllowance(share: 0.1, burst: 1_000_000)
        var used: UInt64 = 0
        for now in stride(from: UInt64(0), to: 1_000_000_000, by: 10_000) where allowance.mayStart(at: now) {
            allowance.use(500_000)
            used += 500_000
        }
        // A tenth of the second, the burst, and one piece of work that began with little left.
        #expect(used > 95_000_000 && used <= 101_500_000, "\(used)")
    }

    @Test func timeThatGoesBackGivesNothing() {
        var allowance = TimeAllowance(share: 1, burst: 100)
        let first = allowance.mayStart(at: 1000)
        allowance.use(100)
        let later = [500, 1000, 1001].map { allowance.mayStart(at: $0) }
        #expect(first && later == [false, false, true])
    }
}

struct DeepThreadsTests {
    private static let process = ProcessKey(pid: 1, start: 1)

    private static func memo(frames: Int) -> StackMemo? {
        StackMemo((1...frames).map { UnwoundFrame(pc: 1, sp: UInt64($0) * 16, isExact: false) })
    }

    @Test func forgetsWhatIsOld() {
        var threads = DeepThreads()
        threads.touch(7, of: Self.process, at: 100)
        threads.remember(Self.memo(frames: 10), of: 7)
        #expect(threads.isDeep(7, at: 200) && !threads.isDeep(8, at: 200))
        #expect(threads.end(of: 7) == 160 && threads.end(of: 8) == 0)
        #expect(!threads.isDeep(7, at: 100 + DeepThreads.lifetime))
        threads.expire(at: 100 + DeepThreads.lifetime)
        #expect(threads.isEmpty && threads.bytes == 0)
    }

    @Test func anotherProcessWithTheSameNumberStartsAnew() {
        var threads = DeepThreads()
        threads.touch(7, of: Self.process, at: 100)
        threads.remember(Self.memo(frames: 10), of: 7)
        threads.touch(7, of: ProcessKey(pid: 1, start: 2), at: 200)
        #expect(threads.end(of: 7) == 0)
    }

    @Test func keepsItsBudgetAndTheLatest() {
        var threads = DeepThreads()
        for task in 0..<100 {
            threads.touch(Int32(task), of: Self.process, at: UInt64(task))
            threads.remember(Self.memo(frames: 10_000), of: Int32(task))
            #expect(threads.bytes <= DeepThreads.maximumBytes)
        }
        #expect(threads.end(of: 99) > 0 && threads.end(of: 0) == 0)
        threads.remember(Self.memo(frames: 200_000), of: 99)
        #expect(threads.bytes <= DeepThreads.maximumBytes)
    }

    @Test func unrestComesAndGoes() {
        var threads = DeepThreads()
        for time in 0..<100 as Range<UInt64> {
            threads.touch(7, of: Self.process, at: time)
            if time % 5 == 0 { threads.disturb(7) }
        }
        #expect(!threads.isRestless(7))
        for time in 100..<110 as Range<UInt64> {
            threads.touch(7, of: Self.process, at: time)
            threads.disturb(7)
        }
        #expect(threads.isRestless(7))
        for time in 110..<200 as Range<UInt64> { threads.touch(7, of: Self.process, at: time) }
        #expect(!threads.isRestless(7))
    }
}

struct TailPoolTests {
    @Test func holdsFewBuffersAndGivesThemBack() throws {
        var pool = TailPool()
        for number in 0..<TailPool.maximumBuffers {
            let taken = pool.take()
            let buffer = try #require(taken)
            pool.keep(buffer, of: CutSample(task: 1, time: UInt64(number), dumpEnd: 0), refusal: nil)
        }
        let more = pool.take()
        #expect(more == nil && pool.isFull)
        let other = pool.find(CutSample(task: 1, time: 99, dumpEnd: 0))
        #expect(other == nil)
        let found = pool.find(CutSample(task: 1, time: 3, dumpEnd: 0))
        pool.giveBack(try #require(found).buffer)
        pool.drop(before: 3)
        #expect(!pool.isFull && !pool.isEmpty)
        pool.drop(before: .max)
        pool.trim()
        #expect(pool.isEmpty && pool.bytes == 0)
    }
}
