public import Analysis
public import Model

/// Two sides of a comparison with what an encoder says about them.
public struct DiffDocument: Sendable {
    /// What changed.
    public var diff: Diff
    /// The profile before.
    public var base: Profile
    /// The profile after.
    public var to: Profile
    /// What `base` is of: a target as it was asked for, or a file; hostile text like every other name.
    public var baseTitle: String
    /// What `to` is of.
    public var title: String
    /// Value of the `nonce` attribute of inline scripts and styles; `nil` in documents that are stored.
    public var nonce: String?

    /// A document that may be stored.
    public init(diff: Diff, base: Profile, to: Profile, baseTitle: String, title: String, nonce: String? = nil) {
        self.diff = diff
        self.base = base
        self.to = to
        self.baseTitle = baseTitle
        self.title = title
        self.nonce = nonce
    }

    /// `all · cpu · 10 s against 5 min · per second`.
    var heading: String {
        let names = baseTitle == title ? title : "\(title) against \(baseTitle)"
        let lengths = "\(Self.length(diff.to)) against \(Self.length(diff.base))"
        let way = diff.normalization == .time ? "per second" : "by share"
        return "\(names) · \(to.kind.rawValue) · \(lengths) · \(way)"
    }

    private static func length(_ side: DiffSide) -> String { TimeSpan.text(NumberText.rounded(side.seconds * 1e9)) }

    /// What makes a weight of `base` comparable with one of `to`; 1 where nothing can be said.
    var baseScale: Double {
        let factor =
            switch diff.normalization {
            case .time: diff.to.seconds / diff.base.seconds
            case .total: diff.to.weight / diff.base.weight
            }
        return factor.isFinite && factor > 0 ? factor : 1
    }

    /// Nanoseconds of CPU in the window of `to` that one unit of a value stands for.
    var unitNanoseconds: Double {
        switch diff.normalization {
        case .time: (diff.to.seconds > 0 ? diff.to.seconds : diff.base.seconds) * 1e9
        case .total: diff.to.weight > 0 ? diff.to.weight : diff.base.weight
        }
    }
}

/// A format in which a diff is answered.
public struct DiffFormat: Sendable {
    /// Value of `format=`.
    public let name: String
    /// Value of the `Content-Type` header.
    public let contentType: String
    /// With its dot; what a client's `-o FILE` ends in.
    public let fileEnding: String
    /// Whether a browser shows it instead of storing it.
    let isDocument: Bool
    /// Most paths that the format shows.
    public let maximumNodes: Int
    /// Never fails: what cannot be said in the format is left out or replaced.
    public let encode: @Sendable (DiffDocument) -> [UInt8]

    /// Every format there is; a new one is one line here.
    public static let all: [DiffFormat] = [
        DiffFormat("json", "application/json", ".json", isDocument: true, encode: DiffJSONEncoder.encode),
        DiffFormat("pprof", "application/octet-stream", ".pb.gz", maximumNodes: 1, encode: DiffPprof.encode),
        DiffFormat(
            "folded", "text/plain; charset=utf-8", ".folded", maximumNodes: .max, encode: DiffFoldedEncoder.encode),
        DiffFormat(
            "svg", "image/svg+xml", ".svg", isDocument: true, maximumNodes: SVGEncoder.maximumNodes,
            encode: DiffSVGEncoder.encode),
        DiffFormat(
            "html", "text/html; charset=utf-8", ".html", isDocument: true, maximumNodes: SVGEncoder.maximumNodes,
            encode: DiffHTMLEncoder.encode),
        DiffFormat(
            "speedscope", "application/json", ".speedscope.json", maximumNodes: 1,
            encode: SpeedscopeEncoder.encode(diff:)),
    ]

    /// The format of that name.
    public static func named(_ name: String) -> DiffFormat? { all.first { $0.name == name } }

    init(
        _ name: String, _ contentType: String, _ fileEnding: String, isDocument: Bool = false,
        maximumNodes: Int = DiffBuilder.defaultMaximumNodes, encode: @escaping @Sendable (DiffDocument) -> [UInt8]
    ) {
        self.name = name
        self.contentType = contentType
        self.fileEnding = fileEnding
        self.isDocument = isDocument
        self.maximumNodes = maximumNodes
        self.encode = encode
    }
}
