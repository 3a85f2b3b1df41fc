public import Analysis
public import Model

/// A profile with what an encoder says about it beside its own contents.
public struct ProfileDocument: Sendable {
    /// What is encoded.
    public var profile: Profile
    /// The target as it was asked for; hostile text like every other name.
    public var target: String
    /// Levels above the functions in flame graphs.
    public var levels: [FlameTree.Level]
    /// Value of the `nonce` attribute of inline scripts and styles; `nil` in documents that are stored.
    public var nonce: String?

    /// A document without groups that may be stored.
    public init(profile: Profile, target: String, levels: [FlameTree.Level] = [], nonce: String? = nil) {
        self.profile = profile
        self.target = target
        self.levels = levels
        self.nonce = nonce
    }

    /// The tree that SVG, HTML and JSON show.
    func flameTree() -> FlameTree { FlameTree(profile, title: target, levels: levels) }

    /// `all · cpu · 10 s · 990 samples`.
    var title: String {
        "\(target) · \(profile.kind.rawValue) · \(TimeSpan.text(profile.duration)) · \(profile.truth.samples) samples"
    }
}

extension Profile {
    /// Length of the window in nanoseconds, never negative.
    var duration: Int64 { max(0, endTime.subtractingReportingOverflow(startTime).partialValue) }
}

extension ProfileTruth {
    /// Name and value in the order in which every format states them.
    var fields: [(name: String, value: Int64)] {
        [
            ("samples", samples), ("lost", lost), ("truncated", truncated), ("completed", completed),
            ("broken", broken), ("unnamed", unnamed),
        ]
    }
}
