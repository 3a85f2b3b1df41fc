import Model
import Testing

struct ModuleInfoTests {
    @Test(arguments: [
        ("/usr/lib/libc.so.6", "libc.so.6"), ("[kernel]", "[kernel]"), ("/tmp/a (deleted)", "a"), ("", ""), ("/", ""),
        ("a", "a"), ("/x/ (deleted)", ""), ("/opt/größe/программа", "программа"), ("/memfd:jit (deleted)", "memfd:jit"),
    ])
    func name(_ path: String, _ name: String) {
        #expect(ModuleInfo(kind: .elf, path: path, buildID: "").name == name)
    }
}
