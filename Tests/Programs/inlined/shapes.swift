// Inlined Swift: generic functions, closures, a protocol, collections.
protocol Weighing { var weight: UInt64 { get } }

struct Stone: Weighing {
    var size: UInt64
    @inline(__always) var weight: UInt64 { mixed(size) }
}

@inline(__always) func mixed(_ x: UInt64) -> UInt64 { (x ^ (x >> 29)) &* 0x9e37_79b9_7f4a_7c15 }

@inline(never) func total<W: Weighing>(_ all: [W]) -> UInt64 {
    all.map(\.weight).filter { $0 % 3 != 0 }.reduce(0) { $0 &+ $1 }
}

@inline(never) func words(_ count: Int) -> [String] {
    (0..<count).map { "word\(mixed(UInt64($0)) % 97)" }.sorted { ($0.count, $0) < ($1.count, $1) }
}

@inline(never) func summed(_ table: [String: Int]) -> Int {
    var sum = 0
    for (key, value) in table where value > 0 { sum += value ^ key.utf8.count }
    return sum
}

let count = CommandLine.arguments.count * 50
let stones = (0..<count).map { Stone(size: UInt64($0)) }
var table: [String: Int] = [:]
for word in words(count) { table[word, default: 0] += 1 }
print(total(stones), summed(table))
