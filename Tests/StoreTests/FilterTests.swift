import Model
import TestKit
import Testing

@testable import Store

/// What passes a filter is what a look at every sample finds.
struct FilterTests {
    private let store = Store.roomy()
    private var stream = SampleStream(seed: 5)

    init() throws {
        let contexts = (1...3).map { (id: store.intern(.some(Int32($0))), pid: Int32($0)) }
        for index in 0..<3000 {
            let context = contexts[stream.generator.below(3)]
            stream.add(to: store, context: context, time: second + UInt64(index) * 5_000_000)
        }
        store.settle(to: 100 * second)
    }

    private func answer(_ filter: ProfileFilter, _ selector: TargetSelector = .all) throws -> Profile {
        try store.profile(ProfileQuery(selector: selector, from: .min, to: .max, filter: filter))
    }

    @Test(arguments: ["f1", "f5"]) func function(_ name: String) throws {
        let truth = stream.truth.filter { $0.key.contains("=lines([Model.SourceLine(function: \"\(name)\"") }
        let profile = try answer(ProfileFilter(function: NamePattern(name)))
        #expect(profile.comparable == truth)
        #expect(!truth.isEmpty && truth.count < stream.truth.count)
        #expect(profile.truth.samples == Int64(truth.values.reduce(0) { $0 + $1[0] }))
    }

    @Test func severalFunctionsByAStar() throws {
        let truth = stream.truth.filter { $0.key.contains("=") }
        #expect(try answer(ProfileFilter(function: NamePattern("f*"))).comparable == truth)
        #expect(truth.count < stream.truth.count, "empty stacks contain no function")
    }

    @Test func threadAndProcess() throws {
        let second = stream.truth.filter { $0.key.hasPrefix("2 ") }
        #expect(try answer(ProfileFilter(thread: NamePattern("w2"))).comparable == second)
        #expect(try answer(ProfileFilter(pid: 2)).comparable == second)
        let both = second.filter { $0.key.contains("\"f3\"") }
        #expect(try answer(ProfileFilter(function: NamePattern("f3"), pid: 2)).comparable == both)
    }

    @Test func module() throws {
        #expect(try answer(ProfileFilter(module: NamePattern("[unknown]"))).samples.count > 0)
        #expect(try answer(ProfileFilter(module: NamePattern("[kernel]"))).samples.isEmpty)
    }

    /// Nothing passes, but the target is there: an empty answer with its window, and only what it refers to.
    @Test func nothing() throws {
        let profile = try answer(ProfileFilter(function: NamePattern("nowhere")), .pid(1))
        #expect(profile.samples.isEmpty && profile.frames.isEmpty && profile.nodes == [.root])
        #expect(profile.endTime > profile.startTime)
        #expect(throws: QueryError.noSuchTarget("pid:9")) { try answer(ProfileFilter(pid: 9), .pid(9)) }
    }
}
