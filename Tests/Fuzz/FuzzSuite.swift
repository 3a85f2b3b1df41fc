/// Hostile input for one reader of what Hearth does not control.
///
/// A run takes any bytes and must come back soon, with memory in proportion to them: everything else is a finding. It
/// traps on a broken promise, so that whoever drives it sees a crash, with or without a sanitizer.
protocol FuzzSuite: AnyObject {
    /// One word; names the folder of inputs that are kept.
    static var name: String { get }
    /// Bytes of an input, at most.
    static var maximumInput: Int { get }
    init() throws
    /// Inputs to start from, without any change.
    func seeds() throws -> [[UInt8]]
    func run(_ input: [UInt8])
}

extension FuzzSuite {
    static var maximumInput: Int { 4096 }
}

/// All suites; a new one is a line here.
enum FuzzSuites {
    static var all: [any FuzzSuite.Type] {
        [
            UnwindSuite.self, ImageSuite.self, SymbolSuite.self, TextSuite.self, MessageSuite.self,
            ConfigurationSuite.self,
        ]
    }
}

/// Traps, and says what was promised: messages of preconditions are not in release builds.
func promise(_ isKept: Bool, _ what: @autoclosure () -> String = "bounds", line: Int = #line) {
    if !isKept { fatalError("broken promise in line \(line): \(what())") }
}

/// Takes an input apart; behind its end everything is zero.
struct InputReader {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        defer { position += 1 }
        return position < bytes.count ? bytes[position] : 0
    }

    mutating func number(_ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(byte()) << UInt64($1 * 8) }
    }

    /// A number of 0…bound−1, 0 where there is none.
    mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(number(bound <= 256 ? 1 : 3)) % bound : 0 }

    /// What the input has not been asked for yet.
    var rest: [UInt8] { Array(bytes.dropFirst(position)) }
}
