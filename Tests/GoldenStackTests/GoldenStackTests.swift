import Model
import StackFixtures
import Testing
import Unwinder

/// Every engine finds exactly the recorded frames.
struct GoldenStackTests {
    /// An engine by name; a new one is one line.
    private static let engines: [(name: String, make: @Sendable () -> any NativeUnwinder)] = [
        ("rules", { UnwindEngine(verifyEvery: 0) }),
        ("libunwind", { LibunwindEngine() }),
    ]

    @Test(arguments: FixtureFolder.names) func frames(name: String) throws {
        let fixture = try FixtureFolder.load(name)
        for (engine, make) in Self.engines {
            let walk = Walk(fixture, by: make())
            if let reason = KnownDifferences.reason(engine, name) {
                #expect(walk.problem != nil, "\(engine) is right by now, and was not because: \(reason)")
            } else {
                #expect(walk.problem == nil, "\(engine)")
            }
        }
    }

    /// There are enough, each has its provenance, and what gdb says otherwise is explained.
    @Test func provenance() throws {
        #expect(FixtureFolder.names.count >= 40)
        for name in FixtureFolder.names {
            let fixture = try FixtureFolder.load(name)
            for key in ["program", "kernel", "debugger", "date"] {
                #expect(fixture.fact(key) != nil, "\(name) has no \(key)")
            }
            #expect(
                fixture.isConfirmed || fixture.fact("note") != nil, "\(name): gdb finds other frames, and no note why")
            #expect(fixture.text().utf8.count <= 200 << 10, "\(name) is too large")
        }
    }

    @Test func differencesAreOfFixtures() {
        for line in KnownDifferences.lines { #expect(FixtureFolder.names.contains(line.fixture)) }
    }
}

/// One fixture walked by one engine.
private struct Walk {
    /// What is wrong with it, `nil` if nothing is.
    let problem: String?

    init(_ fixture: StackFixture, by engine: any NativeUnwinder) {
        let space = FixtureSpace(fixture)
        var found: [UnwoundFrame] = []
        let outcome = fixture.withSample { engine.unwind($0, in: space, into: &found) }
        let same = zip(found, fixture.frames).prefix { Self.isSame($0, $1) }.count
        if same < found.count || same < fixture.frames.count {
            let lacking = space.missing.prefix(3).map { "\($0.image)+0x\(String($0.address, radix: 16))" }
            problem =
                "\(same) frames are right, \(found.count) found, \(fixture.frames.count) wanted; not recorded: \(lacking)"
        } else if outcome != fixture.outcome {
            problem = "ends with \(outcome), not with \(fixture.outcome)"
        } else {
            problem = nil
        }
    }

    /// libunwind goes on behind a frame without a rule at an address inside of the call, which it takes for exact.
    private static func isSame(_ one: UnwoundFrame, _ other: UnwoundFrame) -> Bool {
        one.sp == other.sp && one.lookupAddress == other.lookupAddress
    }
}
