/// A question to the daemon.
struct HTTPRequest {
    var path: String
    var query: [(name: String, value: String)] = []
    /// Seconds that the daemon may take before it answers.
    var seconds = 30
    /// Called about once a second while the answer is awaited, with the milliseconds since the start.
    var whileWaiting: ((Int) -> Void)?

    /// Path and query with everything escaped that is not plain.
    var target: String {
        if query.isEmpty { return path }
        return path + "?" + query.map { "\(Self.escape($0.name))=\(Self.escape($0.value))" }.joined(separator: "&")
    }

    /// RFC 3986, section 2.3: all but unreserved characters.
    static func escape(_ text: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%\(hexadecimal[Int(byte >> 4)])\(hexadecimal[Int(byte & 15)])"
            }
        }
        return result
    }
}

/// What came back.
struct HTTPAnswer {
    var status: Int
    var body: [UInt8]
}
