import Testing

@testable import hearth

@Suite struct GlobalOptionsTests {
    @Test(
        "options of all commands may stand in front of the command",
        arguments: [
            (["--server", "unix:/x", "targets"], ["targets", "--server", "unix:/x"]),
            (["--server=http://h:1", "--json", "top", "a"], ["top", "--server=http://h:1", "--json", "a"]),
            (["--color", "never", "flame", "all", "-o", "x"], ["flame", "--color", "never", "all", "-o", "x"]),
            (["targets", "--server", "x"], ["targets", "--server", "x"]),
            (["--help"], ["--help"]),
            (["--server"], ["--server"]),
            (["--server", "x"], ["--server", "x"]),
            (["--server", "x", "--version"], ["--server", "x", "--version"]),
            ([], []),
        ])
    func moved(given: [String], expected: [String]) {
        #expect(GlobalOptions.behindCommand(given) == expected)
    }
}
