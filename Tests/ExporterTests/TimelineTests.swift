import Foundation
import Model
import TestKit
import Testing

@testable import Exporter

/// A real browser drags windows on the timeline and narrows what is looked at.
@Suite(.serialized, .enabled(if: WebDriver.isAvailable, "chromium and chromium-driver are not installed"))
struct TimelineTests {
    /// Seconds since the Unix epoch at which the clock of the server stands; the profile lies 800 s before.
    private static let now = Double(SampleProfile.start) / 1e9 + 810.4

    private func withPage(
        _ address: String = "", _ body: @Sendable (Browser, TestSource) throws -> Void
    ) async throws {
        let clock = TestClock()
        clock.advance(800_000_000_000)
        try await RunningServer.with(time: clock) { running in
            let browser = try Browser()
            try browser.openPage(port: running.port, address)
            try browser.wait("page.timeline.scale")
            try body(browser, running.source)
            #expect(try browser.driver.complaints() == [])
        }
    }

    private static func time(secondsAgo seconds: Double) -> Int64 { Int64((now - seconds) * 1e9) }

    /// A point of the timeline some seconds before now.
    private func place(_ browser: Browser, secondsAgo seconds: Double) throws -> WebDriver.Place {
        let canvas = "page.timeline.canvas.getBoundingClientRect()"
        let x = try browser.number("\(canvas).left + page.timeline.scale.x(\(Self.now - seconds))")
        return WebDriver.Place(x: x, y: try browser.number("\(canvas).top + 50"))
    }

    /// Seconds before now at which the chosen window begins and ends.
    private func window(_ browser: Browser) throws -> (from: Double, to: Double) {
        (Self.now - (try browser.number("page.state.from")), Self.now - (try browser.number("page.state.to")))
    }

    private func expectWindow(_ browser: Browser, from: Double, to: Double) throws {
        let window = try window(browser)
        #expect(isNear(window.from, from) && isNear(window.to, to), "\(window)")
    }

    private func isNear(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 4 }

    @Test func windowsAreDraggedResizedAndMoved() async throws {
        try await withPage { browser, source in
            func drag(_ start: Double, _ end: Double) throws {
                try browser.driver.drag(
                    from: try place(browser, secondsAgo: start), to: try place(browser, secondsAgo: end))
                try browser.wait("page.viewer.work.getAttribute('aria-busy') === 'false'")
            }
            for (start, end, from, to) in [
                (600.0, 400.0, 600.0, 400.0), (400, 300, 600, 300), (600, 500, 500, 300), (400, 350, 450, 250),
                (100, 200, 200, 100),
            ] {
                try drag(start, end)
                try expectWindow(browser, from: from, to: to)
            }
            try browser.keep("timeline.png")
            let isAsked = source.queries.contains { query in
                isNear(Self.now - Double(query.from) / 1e9, 200) && isNear(Self.now - Double(query.to) / 1e9, 100)
            }
            #expect(isAsked, "\(source.queries.suffix(3))")
            #expect(try browser.text("location.hash").contains("from="))
            try browser.press(button: "Live")
            #expect(try browser.text("page.state.last") == "1m")
        }
    }

    @Test func windowsMoveByKeys() async throws {
        try await withPage { browser, _ in
            try browser.driver.drag(
                from: try place(browser, secondsAgo: 600), to: try place(browser, secondsAgo: 400))
            try browser.driver.run("page.timeline.canvas.focus()")
            try browser.driver.press("\u{e014}")
            try expectWindow(browser, from: 550, to: 350)
            try browser.driver.press("\u{e012}\u{e012}")
            try expectWindow(browser, from: 650, to: 450)
        }
    }

    @Test func eventsAreShownAndLookedAt() async throws {
        try await withPage { browser, _ in
            let place = try place(browser, secondsAgo: 808.9)
            try browser.driver.hover(place)
            let tip = try browser.content(".tip")
            #expect(tip.contains("kill: </script> (100) was ended by SIGKILL"), "\(tip)")
            try browser.driver.click(at: place)
            try expectWindow(browser, from: 808.9 + 15, to: 808.9 - 15)
        }
    }

    @Test func theTimelineShowsOtherSeriesAndTimes() async throws {
        try await withPage { browser, _ in
            try browser.driver.hover(try place(browser, secondsAgo: 400))
            #expect(try browser.content(".tip").contains("not recorded"))
            for (label, value) in [("How far the timeline reaches", "3600"), ("What the timeline shows", "lost")] {
                let list = "document.querySelector('[aria-label=\"\(label)\"]')"
                try browser.driver.run("\(list).value = '\(value)'; \(list).dispatchEvent(new Event('change'))")
            }
            try browser.wait("page.timeline.data.to - page.timeline.data.from === 3600")
            #expect(try browser.text("page.timeline.data.unit") == "lost samples a second")
            #expect(try browser.text("location.hash").contains("reach=3600"))
        }
    }

    @Test func filtersNarrowTheAnswer() async throws {
        try await withPage { browser, source in
            func awaitFilter(_ isRight: (ProfileFilter) -> Bool) throws {
                let deadline = Date().addingTimeInterval(20)
                while !(source.queries.last.map { isRight($0.filter) } ?? false) {
                    guard Date() < deadline else { throw ClientError(description: "\(source.queries.suffix(3))") }
                    usleep(20_000)
                }
            }
            #expect(try browser.content("[aria-label=\"All threads\"]") == "All threadspool-1pool-2a\"b")
            #expect(try browser.content("[aria-label=\"All processes\"]") == "All processes100 worker200 worker")
            for (label, value) in [("All threads", "pool-2"), ("All processes", "100")] {
                let list = "document.querySelector('[aria-label=\"\(label)\"]')"
                try browser.driver.run("\(list).value = '\(value)'; \(list).dispatchEvent(new Event('change'))")
            }
            try awaitFilter { $0.thread?.description == "pool-2" && $0.pid == 100 }
            try browser.driver.click(at: try browser.place("work(int)"))
            try browser.press(button: "Filter function")
            try awaitFilter { $0.function?.description == "work(int)" }
            try browser.driver.click(at: try browser.place("vfs_read"))
            try browser.press(button: "Filter module")
            try awaitFilter { $0.module?.description == "[kernel]" && $0.function?.description == "work(int)" }
            #expect(try browser.content(".filters .filters") == "withwork(int)×in[kernel]×")
            try browser.keep("page-filters.png")
            try browser.driver.click(".chip button")
            try awaitFilter { $0.function == nil && $0.module != nil }
        }
    }

    @Test func twoWindowsAreCompared() async throws {
        try await withPage { browser, source in
            var (before, after) = (SampleProfile.make(), SampleProfile.make())
            (before.startTime, before.endTime) = (Self.time(secondsAgo: 700), Self.time(secondsAgo: 600))
            (after.startTime, after.endTime) = (Self.time(secondsAgo: 400), Self.time(secondsAgo: 300))
            for index in before.samples.indices where before.samples[index].node == 6 {
                before.samples[index].weight /= 10
                before.samples[index].count /= 10
            }
            source.answer(until: Self.time(secondsAgo: 500), with: before)
            source.answer(with: after)
            try browser.driver.drag(
                from: try place(browser, secondsAgo: 400), to: try place(browser, secondsAgo: 300))
            try browser.driver.drag(
                from: try place(browser, secondsAgo: 700), to: try place(browser, secondsAgo: 600),
                holding: "\u{e008}")
            try browser.wait("document.querySelector('.legend').textContent.includes('grew')")
            #expect(try browser.text("document.getElementById('comparison').hidden") == "false")
            try expectWindow(browser, from: 400, to: 300)
            #expect(isNear(Self.now - (try browser.number("page.state.baseFrom")), 700))
            #expect(try reddish(browser, "vfs_read") > 20, "what grew is red")
            #expect(try abs(reddish(browser, "fold")) < 16, "what stayed is grey")
            try browser.keep("page-diff.png")
            try browser.press(button: "Table")
            let row = try browser.text("[...document.querySelectorAll('tbody tr')].map(r => r.textContent)[0]")
            #expect(row.hasPrefix("vfs_read[kernel]+0."), "\(row)")
            try browser.keep("page-diff-table.png")
            try browser.driver.click("tbody button")
            #expect(try browser.content(".matched").hasPrefix("matched "), "a row leads to its frames")
            try browser.press(button: "Swap")
            try browser.driver.run("page.viewer.set({ find: '' })")
            try browser.press(button: "Wide as before")
            try browser.press(button: "Share")
            try browser.wait("page.answer.unit === 'share' && page.viewer.work.getAttribute('aria-busy') === 'false'")
            #expect(try reddish(browser, "vfs_read") < -20, "what shrank is blue")
            try browser.press(button: "Close")
            try browser.wait("document.querySelector('.legend').textContent.includes('kernel')")
            try browser.driver.press("c")
            try browser.wait("document.querySelector('.legend').textContent.includes('grew')")
            try browser.driver.press("c")
            try browser.wait("document.getElementById('comparison').hidden")
        }
    }

    /// By how much more red than blue a frame is.
    private func reddish(_ browser: Browser, _ name: String) throws -> Int {
        let parts = try browser.colour(name).split(separator: ",").compactMap { Int($0) }
        return parts[0] - parts[2]
    }
}
