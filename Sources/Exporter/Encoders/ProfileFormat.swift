/// A format in which a profile is answered: value in, bytes out.
public struct ProfileFormat: Sendable {
    /// Value of `format=`.
    public let name: String
    /// Value of the `Content-Type` header.
    public let contentType: String
    /// With its dot; what a client's `-o FILE` ends in.
    public let fileEnding: String
    /// Whether a browser shows it instead of storing it.
    let isDocument: Bool
    /// Never fails: what cannot be said in the format is left out or replaced.
    public let encode: @Sendable (ProfileDocument) -> [UInt8]

    /// Every format there is; a new one is one line here.
    public static let all: [ProfileFormat] = [
        ProfileFormat("pprof", "application/octet-stream", ".pb.gz", encode: PprofEncoder.encode),
        ProfileFormat("folded", "text/plain; charset=utf-8", ".folded", encode: FoldedEncoder.encode),
        ProfileFormat("svg", "image/svg+xml", ".svg", isDocument: true, encode: SVGEncoder.encode),
        ProfileFormat("html", "text/html; charset=utf-8", ".html", isDocument: true, encode: HTMLEncoder.encode),
        ProfileFormat("speedscope", "application/json", ".speedscope.json", encode: SpeedscopeEncoder.encode),
        ProfileFormat("json", "application/json", ".json", isDocument: true, encode: JSONProfileEncoder.encode),
    ]

    /// The format of that name.
    public static func named(_ name: String) -> ProfileFormat? { all.first { $0.name == name } }

    init(
        _ name: String, _ contentType: String, _ fileEnding: String, isDocument: Bool = false,
        encode: @escaping @Sendable (ProfileDocument) -> [UInt8]
    ) {
        self.name = name
        self.contentType = contentType
        self.fileEnding = fileEnding
        self.isDocument = isDocument
        self.encode = encode
    }
}
