/// What `bench-counts` runs under valgrind: one kind of work, a given number of times.
@main
struct Counts {
    /// Arguments: `store` or `unwind`, and how often.
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let times = arguments.dropFirst().first.flatMap { Int($0) } ?? 0
        if arguments.first == "unwind" { try StackUnwind.run(passes: times) } else { StoreFill.run(samples: times) }
    }
}
