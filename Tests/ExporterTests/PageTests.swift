import Foundation
import Model
import TestKit
import Testing

@testable import Exporter

/// A real browser drives every control of the page, against a store whose every number is known.
@Suite(.serialized, .enabled(if: WebDriver.isAvailable, "chromium and chromium-driver are not installed"))
struct PageTests {
    /// Opens the page in a new browser; at the end nothing may have complained.
    private func withPage(
        _ address: String = "", _ body: @Sendable (Browser, RunningServer) throws -> Void
    ) async throws {
        try await RunningServer.with { running in
            let browser = try Browser()
            try browser.openPage(port: running.port, address)
            try body(browser, running)
            #expect(try browser.driver.complaints() == [])
        }
    }

    @Test func framesZoomAndTellWhatTheyAre() async throws {
        try await withPage { browser, _ in
            try browser.keep("page.png")
            #expect(abs(try browser.share("do_syscall_64") - 0.2) < 0.01)
            try browser.driver.hover(try browser.place("do_syscall_64"))
            let tip = try browser.content(".tip")
            #expect(tip.contains("do_syscall_64[kernel]total 20.0 % · 200.0 ms · 0.020 CPUs · 20 samples"), "\(tip)")
            try browser.driver.click(at: try browser.place("do_syscall_64"))
            #expect(try browser.zoomed() == "do_syscall_64")
            #expect(abs(try browser.share("vfs_read") - 1) < 0.01, "the zoomed frame has the full width")
            #expect(try browser.content(".crumbs [aria-current]") == "do_syscall_64")
            #expect(try browser.content(".details b") == "do_syscall_64")
            try browser.keep("page-zoomed.png")
            try browser.driver.click(".crumbs button:nth-of-type(2)")
            #expect(try browser.zoomed() == "worker.service")
            try browser.press(button: "Reset zoom")
            #expect(try browser.zoomed() == "all")
        }
    }

    @Test func rootsStandAtTheBottomOfFlamesAndOnTopOfIcicles() async throws {
        try await withPage { browser, _ in
            let (root, leaf) = (try browser.place("all"), try browser.place("vfs_read"))
            #expect(root.y > leaf.y)
            try browser.press(button: "Icicle")
            #expect(try browser.place("all").y < browser.place("vfs_read").y)
            try browser.press(button: "Flame")
            #expect(try browser.place("all") == root)
        }
    }

    @Test func searchesSayTheirShare() async throws {
        try await withPage { browser, _ in
            for (wanted, matched) in [
                ("vfs_", "20.0 %"), ("work(", "48.0 %"), ("/^(fold|vfs_read)$/", "40.0 %"), ("[kernel]", "20.0 %"),
                ("none", "0.0 %"),
            ] {
                try browser.driver.run("const box = document.querySelector('.find'); box.value = ''; box.focus()")
                try browser.driver.press(wanted)
                #expect(try browser.content(".matched") == "matched " + matched, "\(wanted)")
            }
            try browser.driver.press("\u{e00c}")
            #expect(try browser.content(".matched") == "")
            try browser.driver.press("/vfs")
            #expect(try browser.colour("vfs_read") == "194,24,91", "found frames have the colour of the search")
            try browser.keep("page-search.png")
        }
    }

    @Test func callersAreTheTreeUpsideDown() async throws {
        try await withPage { browser, _ in
            try browser.press(button: "Callers")
            #expect(abs(try browser.share("vfs_read") - 0.2) < 0.01)
            #expect(abs(try browser.share("work(int)") - 0.28) < 0.01, "self time of the recursion")
            try browser.driver.click(at: try browser.place("vfs_read"))
            #expect(abs(try browser.share("do_syscall_64") - 1) < 0.01)
            #expect(try browser.place("do_syscall_64").y < browser.place("vfs_read").y, "callers stand above")
            try browser.keep("page-callers.png")
        }
    }

    @Test func theTableShowsSelfAndTotalWithCallersAndCallees() async throws {
        try await withPage { browser, _ in
            try browser.press(button: "Table")
            let row = "document.querySelector('tbody tr').textContent"
            #expect(try browser.text(row) == "work(int)worker28.0 %48.0 %")
            try browser.press(button: "Total")
            #expect(try browser.text(row) == "mainworker0.0 %80.0 %".replacing("0.0 %80", with: "12.0 %80"))
            try browser.press(button: "Total")
            #expect(
                try browser.text("document.querySelector('th[aria-sort]').getAttribute('aria-sort')") == "ascending")
            try browser.driver.type("vfs", into: ".find")
            #expect(try browser.number("document.querySelectorAll('tbody tr').length") == 1)
            try browser.driver.click("tbody button")
            #expect(abs(try browser.share("do_syscall_64", in: "sandwich.callers") - 1) < 0.01)
            #expect(abs(try browser.share("vfs_read", in: "sandwich.callees") - 1) < 0.01)
            #expect(try browser.text("location.hash").contains("view=table"))
            try browser.keep("page-table.png")
        }
    }

    @Test func coloursSayWhereCodeComesFrom() async throws {
        try await withPage { browser, _ in
            let names = ["all", "main", "fold", "do_syscall_64", "[truncated]"]
            let colours = try names.map { try browser.colour($0) }
            #expect(Set(colours).count == names.count, "\(colours)")
            let legend = try browser.content(".legend")
            for origin in ["program and libraries", "inlined", "kernel", "made at run time", "unknown or missing"] {
                #expect(legend.contains(origin))
            }
        }
    }

    @Test func theTruthStandsBelow() async throws {
        try await withPage { browser, _ in
            let truth = try browser.content(".truth")
            for fact in [
                "100 samples", "3 lost", "10 truncated", "5 completed", "1 broken", "10 unnamed", "every 10.1 ms",
            ] {
                #expect(truth.contains(fact), "\(truth)")
            }
        }
    }

    @Test func targetsAreChosenAndFound() async throws {
        try await withPage { browser, _ in
            try browser.wait("document.querySelectorAll('.list button').length === 3")
            try browser.driver.click(".list li:nth-child(2) button")
            try browser.wait("document.getElementById('title').textContent === 'worker.service'")
            #expect(try browser.text("location.hash") == "#target=worker.service")
            try browser.driver.press("k")
            #expect(try browser.content("#title") == "all targets")
            try browser.driver.press("j")
            #expect(try browser.content("#title") == "worker.service")
        }
    }

    @Test func aTargetThatIsGoneStaysInTheList() async throws {
        try await RunningServer.with { running in
            let browser = try Browser()
            try browser.driver.open("http://127.0.0.1:\(running.port)/#target=gone.service")
            try browser.wait("document.querySelector('.work .notice b')?.textContent.startsWith('no sample')")
            #expect(try browser.content(".list li:last-child").contains("not running now"))
            try browser.keep("page-gone.png")
            try browser.press(button: "All targets")
            try browser.wait("page.viewer.material")
            #expect(try browser.content("#title") == "all targets")
        }
    }

    @Test func windowsPauseAndLinksShowTheSameAgain() async throws {
        try await withPage { browser, running in
            try browser.press(button: "5 min")
            #expect(try browser.text("page.state.last") == "5m")
            try browser.press(button: "Pause")
            let (start, end) = (Double(SampleProfile.start) / 1e9, Double(SampleProfile.start) / 1e9 + 10)
            #expect(abs(try browser.number("page.state.from") - start) < 0.01)
            #expect(abs(try browser.number("page.state.to") - end) < 0.01)
            try browser.driver.click(at: try browser.place("main"))
            try browser.driver.run("page.viewer.set({ find: 'fold', view: 'icicle' })")
            let address = try browser.text("location.hash")
            try browser.openPage(port: running.port, address)
            #expect(try browser.zoomed() == "main")
            #expect(try browser.content(".matched") == "matched 20.0 %")
            #expect(try browser.text("location.hash") == address)
            try browser.press(button: "Live")
            #expect(try browser.text("page.state.last") == "1m")
            try browser.openPage(port: running.port, "?target=worker.service&window=10s")
            #expect(try browser.text("page.state.target + page.state.last") == "worker.service10s", "old links work")
        }
    }

    @Test func everyFormatIsOfferedAndAnswers() async throws {
        try await withPage { browser, running in
            try browser.press(button: "Download")
            let links = try browser.text(
                "[...document.querySelectorAll('.menu a')].map(a => a.pathname + a.search).join(' ')")
            try browser.keep("page-downloads.png")
            let paths = links.split(separator: " ").map(String.init)
            #expect(
                Set(paths.compactMap { $0.split(separator: "format=").last.map { String($0.prefix { $0 != "&" }) } })
                    == Set(ProfileFormat.all.map(\.name)))
            for path in paths { #expect(try running.ask("GET", path).status == 200, "\(path)") }
        }
    }

    @Test func everyKeyOfTheListWorks() async throws {
        try await withPage { browser, _ in
            try browser.driver.press("?")
            #expect(try browser.text("document.getElementById('keys').open") == "true")
            try browser.keep("page-keys.png")
            try browser.driver.press("\u{e00c}")
            #expect(try browser.text("document.getElementById('keys').open") == "false")
            for (key, script, expected) in [
                ("i", "page.state.view", "icicle"), ("r", "page.state.isTurned", "true"),
                ("r", "page.state.isTurned", "false"),
                ("t", "page.state.view", "table"), ("f", "page.state.view", "flame"), ("4", "page.state.last", "15m"),
                ("p", "page.state.last", ""),
                ("p", "page.state.last", "15m"), ("[", "page.state.until > 0", "true"),
                ("]", "page.state.until > 0", "false"),
                ("d", "document.querySelector('.menu').open", "true"),
                ("\u{e00c}", "document.querySelector('.menu').open", "false"),
                ("s", "page.scheme.name", "light"), ("s", "page.scheme.name", "dark"), ("s", "page.scheme.name", ""),
            ] {
                try browser.driver.press(key)
                #expect(try browser.text(script) == expected, "\(key)")
            }
        }
    }

    @Test func theGraphIsUsableByKeyboard() async throws {
        try await withPage("#target=all&view=icicle") { browser, _ in
            for (key, expected) in [
                ("\u{e015}", "worker.service"), ("\u{e015}", "worker"), ("\u{e015}", "main"), ("\u{e015}", "work(int)"),
                ("\u{e012}", "do_syscall_64"),
                ("\u{e014}", "work(int)"), ("\u{e013}", "main"),
            ] {
                try browser.driver.press(key)
                #expect(try browser.text("page.viewer.graph.tree.entry(page.viewer.graph.cursor).name") == expected)
            }
            try browser.driver.press("\u{e007}")
            #expect(try browser.zoomed() == "main")
            try browser.driver.press("\u{e003}")
            #expect(try browser.zoomed() == "worker")
            try browser.driver.press("\u{e00c}")
            #expect(try browser.zoomed() == "all")
        }
    }

    @Test func itFitsLaptopsAndPhonesInLightAndDark() async throws {
        try await withPage { browser, _ in
            for (width, height) in [(360, 740), (760, 900), (1024, 700), (1280, 800)] {
                try browser.driver.emulate(width: width, height: height)
                try browser.wait("innerWidth === \(width)")
                #expect(
                    try browser.number("document.documentElement.scrollWidth") <= Double(width),
                    "\(width): no sideways scrolling")
                try browser.keep("page-\(width).png")
            }
            #expect(try browser.number("document.documentElement.scrollHeight") <= 800, "all of it on a laptop")
            let light = try browser.colour("main")
            try browser.driver.prefer(scheme: "dark")
            #expect(try browser.text("getComputedStyle(document.body).backgroundColor") == "rgb(21, 20, 18)")
            #expect(try browser.colour("main") != light)
            try browser.keep("page-dark.png")
        }
    }

    @Test func troubleSaysWhatToDo() async throws {
        try await withPage { browser, running in
            running.source.answer(
                with: Profile(
                    kind: .cpu, startTime: SampleProfile.start, endTime: SampleProfile.start + 1, period: 0,
                    contexts: SampleProfile.make().contexts))
            try browser.driver.press("3")
            try browser.wait("document.querySelector('.work .notice:not([hidden])')")
            #expect(try browser.content(".work .notice").contains("No samples in this window"))
            try browser.keep("page-empty.png")
            running.source.answer(with: SampleProfile.make())
            try browser.press(button: "Last 15 min")
            try browser.wait("!document.querySelector('.work .notice:not([hidden])')")
        }
    }

    @Test func hostileNamesStayText() async throws {
        try await withPage { browser, _ in
            try browser.wait("document.querySelectorAll('.list button').length === 3")
            try browser.driver.click(".list li:nth-child(3) button")
            try browser.wait("document.getElementById('title').textContent.includes('alert(2)')")
            for view in ["t", "i", "r"] { try browser.driver.press(view) }
            #expect(
                try browser.number(
                    "document.querySelectorAll('main script, main img, .list script, title script').length") == 0)
            #expect(try browser.number("document.scripts.length") == 1)
            #expect(try browser.text("[...document.title].some(c => c < ' ')") == "false")
        }
    }
}
