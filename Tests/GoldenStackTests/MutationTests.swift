import StackFixtures
import Testing
import Unwinder

/// Files are not believed, and neither are the bytes in them: changed ones are refused, or walked to some end.
struct MutationTests {
    @Test(arguments: ["signal-nested", "resolve-saved", "musl-static-qsort", "jit"]) func changed(name: String) throws {
        let text = Array(try FixtureFolder.load(name).text().utf8)
        let digits = Array("0123456789abcdef -\n".utf8)
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var (walked, refused) = (0, 0)
        for _ in 0..<60 {
            var changed = text
            for _ in 0...next(12) { changed[next(changed.count)] = digits[next(digits.count)] }
            guard let fixture = try? StackFixture(text: String(decoding: changed, as: UTF8.self)) else {
                refused += 1
                continue
            }
            walked += 1
            for engine in [UnwindEngine(verifyEvery: 0), LibunwindEngine()] as [any NativeUnwinder] {
                var frames: [UnwoundFrame] = []
                _ = fixture.withSample { engine.unwind($0, in: FixtureSpace(fixture), into: &frames) }
                #expect(frames.count <= 8192)
            }
        }
        #expect(walked > 0 && refused > 0)
    }

    /// What has been read is written the same.
    @Test(arguments: FixtureFolder.names) func rewritten(name: String) throws {
        let fixture = try FixtureFolder.load(name)
        #expect(try StackFixture(text: fixture.text()).text() == fixture.text())
    }
}
