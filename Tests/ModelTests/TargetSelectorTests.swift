import Model
import Testing

struct TargetSelectorTests {
    static let accepted: [(String, TargetSelector)] = [
        ("all", .all), ("nginx.service", .name("nginx.service")), ("All", .name("All")), (" ", .name(" ")),
        ("pid:1", .pid(1)), ("pid:2147483647", .pid(.max)), ("exe:python3", .executable("python3")),
        ("exe:/usr/bin/python3", .executable("/usr/bin/python3")), ("unit:a:b.service", .unit("a:b.service")),
        ("container:0123456789ab", .container("0123456789ab")), ("kernel", .name("kernel")),
        ("pid", .name("pid")), ("Pid:1", .name("Pid:1")), ("жар.service", .name("жар.service")),
    ]

    @Test(arguments: accepted) func reads(_ text: String, _ selector: TargetSelector) {
        #expect(TargetSelector(text) == selector)
        #expect(TargetSelector(text)?.description == text)
    }

    @Test(arguments: [
        "", "pid:", "pid:0", "pid:-1", "pid:1x", "pid: 1", "pid:2147483648", "exe:", "unit:", "container:",
        "container:0123456789a",
    ])
    func refuses(_ text: String) { #expect(TargetSelector(text) == nil) }

    private let context = SampleContext(
        target: "web", process: ProcessKey(pid: 42, start: 7), tid: 43, thread: "worker", comm: "nginx",
        executable: "/usr/sbin/nginx", unit: "nginx.service",
        container: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")

    @Test(arguments: [
        "all", "web", "pid:42", "exe:nginx", "exe:/usr/sbin/nginx", "unit:nginx.service", "container:0123456789ab",
    ])
    func matches(_ text: String) throws { #expect(try #require(TargetSelector(text)).matches(context)) }

    @Test(arguments: [
        "we", "nginx", "pid:43", "exe:ginx", "exe:sbin", "unit:nginx", "container:123456789abc", "exe:/sbin/nginx",
    ])
    func passesOver(_ text: String) throws { #expect(!(try #require(TargetSelector(text)).matches(context))) }
}
