/// Formats by the ending of the file that they are written to.
enum ProfileEnding {
    /// Longer endings first where one ends in the other.
    static let known: [(ending: String, format: String)] = [
        (".html", "html"), (".svg", "svg"), (".folded", "folded"), (".pb.gz", "pprof"),
        (".speedscope.json", "speedscope"),
    ]

    /// The value of `format=` for a file.
    static func format(of path: String) throws(Failure) -> String {
        if let match = known.first(where: { path.lowercased().hasSuffix($0.ending) }) { return match.format }
        let endings = known.map(\.ending).joined(separator: " ")
        throw Failure(.usage, "-o \(path): the ending chooses the format", hint: "known endings: \(endings)")
    }
}
