import Testing

@testable import Sampler

struct CgroupNameTests {
    private static let id = "4f5d2a8bb1f0e6c3d7a9584736251409f8e7d6c5b4a392817060504030201000"

    struct Given: Sendable {
        var path: String
        var unit = ""
        var container = ""
    }

    static let paths: [Given] = [
        Given(path: "/"),
        Given(path: "/system.slice/nginx.service", unit: "nginx.service"),
        Given(path: "/system.slice/docker-\(id).scope", container: id),
        Given(path: "/docker/\(id)", container: id),
        Given(path: "/system.slice/docker.service", unit: "docker.service"),
        Given(path: "/machine.slice/libpod-\(id).scope", container: id),
        Given(path: "/machine.slice/libpod-\(id).scope/container", container: id),
        Given(path: "/machine.slice/libpod-conmon-\(id).scope", container: id),
        Given(
            path: "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-\(id).scope",
            container: id),
        Given(path: "/kubepods/besteffort/pod12ab-34/\(id)", container: id),
        Given(path: "/kubepods.slice/crio-\(id).scope", container: id),
        // A service that runs inside of a container's systemd.
        Given(path: "/machine.slice/libpod-\(id).scope/system.slice/app.service", unit: "app.service", container: id),
        Given(path: "/user.slice/user-1000.slice/session-3.scope", unit: "session-3.scope"),
        Given(
            path: "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-1.scope", unit: "app-gnome-1.scope"
        ),
        Given(path: "/user.slice/user-1000.slice/user@1000.service/init.scope", unit: "init.scope"),
        Given(path: "/system.slice/system-getty.slice/getty@tty1.service", unit: "getty@tty1.service"),
        // Nearly an id.
        Given(path: "/docker/\(id.dropLast())"), Given(path: "/docker/\(id.uppercased())"),
        Given(path: "/docker/\(id)0"),
        Given(path: "//..//.service/", unit: ".service"), Given(path: ""),
    ]

    @Test(arguments: paths) func names(_ given: Given) {
        let name = CgroupName(path: given.path)
        #expect(name.unit == given.unit, "\(given.path)")
        #expect(name.container == given.container, "\(given.path)")
        #expect(name.path == given.path)
    }

    @Test(arguments: [
        ("0::/system.slice/a.service\n", "a.service"),
        ("12:cpu:/x\n1:name=systemd:/system.slice/b.service\n", "b.service"),
        // Hybrid: the v2 line is there, but systemd's names are in its own hierarchy.
        ("4:memory:/m.service\n1:name=systemd:/system.slice/c.service\n0::/\n", "c.service"),
        ("1:name=systemd:/\n0::/system.slice/d.service\n", "d.service"),
        ("0::/odd:name/e.service\n", "e.service"),
    ])
    func systemdGroup(_ text: String, _ unit: String) {
        #expect(TargetResolver.systemdGroup(in: Array(text.utf8))?.unit == unit)
    }

    @Test(arguments: ["", "\n\n", "0", "0:", "3:cpu:/a.service\n", ":::", "name=systemd"])
    func noGroup(_ text: String) { #expect(TargetResolver.systemdGroup(in: Array(text.utf8))?.unit ?? "" == "") }

    /// The default names of targets.
    @Test func defaultTargets() {
        func target(_ executable: String = "", unit: String = "", container: String = "", kernel: Bool = false)
            -> String
        {
            ProcessFacts(
                executable: executable, comm: "comm", cgroup: "/", unit: unit, container: container,
                isKernelThread: kernel, commandLine: { "" }, user: { nil }
            ).defaultTarget
        }
        #expect(target("/usr/bin/x", unit: "a.service") == "a.service")
        #expect(target("/usr/bin/x", unit: "session-7.scope") == "session.scope")
        #expect(target("/usr/bin/x", unit: "a.service", container: Self.id) == String(Self.id.prefix(12)))
        #expect(target("/usr/bin/x") == "x")
        #expect(target("/") == "comm")
        #expect(target() == "comm")
        #expect(target("/x", unit: "a.service", kernel: true) == "kernel")
    }
}
