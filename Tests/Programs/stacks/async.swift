// Swift frames: `async WHAT`. Recorded by scripts/record-fixtures.

struct Planned: Error {}

/// Where gdb stops.
@_optimize(none) @inline(never) @_silgen_name("stop_here") public func stopHere() {}

@inline(never) func leaf(_ depth: Int) async -> Int {
    stopHere()
    return depth
}

@inline(never) func descend(_ depth: Int) async -> Int {
    if depth == 0 { return await leaf(depth) }
    let below = await descend(depth - 1)
    return below + 1
}

@inline(never) func thrower(_ depth: Int) throws -> Int {
    if depth == 0 {
        stopHere()
        throw Planned()
    }
    return try thrower(depth - 1) + 1
}

@main struct Program {
    static func main() async {
        switch CommandLine.arguments.last {
        case "closure":
            print(
                [3, 1, 2].sorted { first, second in
                    stopHere(); return first < second
                })
        case "throws": print((try? thrower(3)) ?? -1)
        case "group":
            let sum = await withTaskGroup(of: Int.self) { group in
                group.addTask { await descend(3) }
                return await group.reduce(0, +)
            }
            print(sum)
        default: print(await descend(5))
        }
    }
}
