/// How one kind of value is written: reading, writing, and a sentence about what is accepted.
struct ValueSyntax<Value: Hashable & Sendable>: Sendable {
    /// What is accepted, as it ends "expected …".
    let accepts: String
    /// The value, or a sentence about what is wrong with it when "expected … but found …" does not say it.
    let parse: @Sendable (YamlNode) throws(ValueRefusal) -> Value
    /// The value as one line of YAML.
    let write: @Sendable (Value) -> String

    /// A list of values; a single value is not a list.
    static func list<Element>(
        of element: ValueSyntax<Element>, _ plural: String, atMost limit: Int = 64
    ) -> Self where Value == [Element] {
        ValueSyntax(
            accepts: "a list of \(plural)",
            parse: { (node) throws(ValueRefusal) in
                guard case .sequence(let items) = node.content else { throw ValueRefusal() }
                if items.count > limit { throw ValueRefusal("at most \(limit) are accepted, found \(items.count)") }
                return try items.map { (item) throws(ValueRefusal) in
                    do throws(ValueRefusal) { return try element.parse(item) } catch {
                        throw ValueRefusal(error.reason ?? element.expected(item), at: error.mark ?? item.mark)
                    }
                }
            },
            write: { "[" + $0.map(element.write).joined(separator: ", ") + "]" })
    }

    /// A word that stands for `nil`, or a value.
    static func word<Wrapped>(_ word: String, or inner: ValueSyntax<Wrapped>) -> Self where Value == Wrapped? {
        ValueSyntax(
            accepts: "\(word), or \(inner.accepts)",
            parse: { (node) throws(ValueRefusal) in node.text == word ? nil : try inner.parse(node) },
            write: { $0.map(inner.write) ?? word })
    }

    /// The message for a value that was refused without a reason of its own.
    func expected(_ node: YamlNode) -> String { "expected \(accepts), found \(node.shown)" }
}

/// A value was not accepted; without a reason, the syntax states what it accepts.
struct ValueRefusal: Error {
    var reason: String?
    var mark: YamlMark?
    init(_ reason: String? = nil, at mark: YamlMark? = nil) {
        self.reason = reason
        self.mark = mark
    }
}

extension ValueSyntax where Value == Int {
    /// A whole number in a range.
    static func integer(_ range: ClosedRange<Int>) -> Self {
        ValueSyntax(
            accepts: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, let value = Int(text), range.contains(value) else { throw ValueRefusal() }
                return value
            },
            write: { "\($0)" })
    }

    /// A number of bytes: `65528`, `64KiB`, `8MiB`, `1GiB`.
    static func size(_ range: ClosedRange<Int>, multipleOf unit: Int = 1, powerOfTwo: Bool = false) -> Self {
        let extra = powerOfTwo ? ", a power of two" : unit > 1 ? ", a multiple of \(unit)" : ""
        return ValueSyntax(
            accepts: "a size from \(Size.write(range.lowerBound)) to \(Size.write(range.upperBound))\(extra) "
                + "(bytes, or with KiB, MiB, GiB)",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, let value = Size.parse(text), range.contains(value),
                    value % unit == 0, !powerOfTwo || value.nonzeroBitCount == 1
                else { throw ValueRefusal() }
                return value
            },
            write: { Size.write($0) })
    }
}

extension ValueSyntax where Value == Double {
    /// A number in a range.
    static func number(_ range: ClosedRange<Double>) -> Self {
        ValueSyntax(
            accepts: "a number from \(range.lowerBound) to \(range.upperBound)",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, let value = Double(text), range.contains(value) else {
                    throw ValueRefusal()
                }
                return value
            },
            write: { "\($0)" })
    }
}

extension ValueSyntax where Value == Bool {
    /// `true` or `false`, nothing else that YAML may take for one.
    static var boolean: Self {
        ValueSyntax(
            accepts: "true or false",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, text == "true" || text == "false" else { throw ValueRefusal() }
                return text == "true"
            },
            write: { "\($0)" })
    }
}

extension ValueSyntax where Value: CaseIterable & RawRepresentable<String> {
    /// One of the words of an enumeration.
    static var choice: Self {
        let words = Value.allCases.map(\.rawValue)
        return ValueSyntax(
            accepts: "one of " + words.joined(separator: ", "),
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text else { throw ValueRefusal() }
                guard let value = Value(rawValue: text) else {
                    let meant = Spelling.nearest(to: text, among: words).map { " (did you mean \($0)?)" } ?? ""
                    throw ValueRefusal("expected one of \(words.joined(separator: ", ")), found \(node.shown)\(meant)")
                }
                return value
            },
            write: { $0.rawValue })
    }
}

extension ValueSyntax where Value == Duration {
    /// A time with its unit: `250ms`, `10s`, `15m`, `2h`, `7d`.
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        ValueSyntax(
            accepts: "a duration from \(TimeSpan.write(range.lowerBound)) to \(TimeSpan.write(range.upperBound)) "
                + "with its unit (ms, s, m, h, d)",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, let value = TimeSpan.parse(text), range.contains(value) else {
                    throw ValueRefusal()
                }
                return value
            },
            write: { TimeSpan.write($0) })
    }
}

extension ValueSyntax where Value == String {
    /// The path of a file or folder, from the root.
    static var path: Self {
        ValueSyntax(
            accepts: "an absolute path",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, text.hasPrefix("/"), text.utf8.count < 4096, !text.utf8.contains(0) else {
                    throw ValueRefusal()
                }
                return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
            },
            write: { $0 })
    }

    /// A name of a host as it stands in a Host header, without a port.
    static var hostName: Self {
        ValueSyntax(
            accepts: "a host name without a port",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, !text.isEmpty, text.utf8.count <= 253 else { throw ValueRefusal() }
                let plain = text.utf8.allSatisfy {
                    switch $0 {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
                if !plain { throw ValueRefusal() }
                return text.lowercased()
            },
            write: { $0 })
    }
}

extension ValueSyntax where Value == ListenAddress {
    /// `HOST:PORT` or `unix:PATH`.
    static var listenAddress: Self {
        ValueSyntax(
            accepts: "HOST:PORT, [IPV6]:PORT or unix:/PATH (at most 107 bytes)",
            parse: { (node) throws(ValueRefusal) in
                guard let text = node.text, let address = ListenAddress(text) else { throw ValueRefusal() }
                return address
            },
            write: { $0.description })
    }
}
