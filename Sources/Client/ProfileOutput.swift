import ArgumentParser

/// Where a profile goes, and in which format.
struct ProfileOutput {
    /// The value of `format=`.
    let format: String
    /// `nil` for stdout.
    private let file: OutputFile?

    /// Refuses a format that is none.
    static func check(format: String?) throws(ValidationError) {
        let known = ProfileEnding.known.map(\.format)
        if let format, !known.contains(format) {
            throw ValidationError("--format: one of \(known.joined(separator: ", ")).")
        }
    }

    /// Finds out before a long wait whether the file can be made.
    /// - Parameters:
    ///   - path: `-` for stdout, which gets folded text unless `format` says otherwise.
    ///   - format: `nil` for that of the ending.
    init(_ path: String, format: String?) throws(Failure) {
        if let format {
            self.format = format
        } else {
            self.format = path == "-" ? "folded" : try ProfileEnding.format(of: path)
        }
        file = path == "-" ? nil : try OutputFile(path)
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        guard let file else { return try Terminal.write(bytes) }
        try file.write(bytes)
        Terminal.say("wrote \(file.path) (\(Shown.bytes(Double(bytes.count))))")
    }
}
