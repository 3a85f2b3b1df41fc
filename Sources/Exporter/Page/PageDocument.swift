/// Documents for a browser, put together from the parts in this folder into one file each.
enum PageDocument {
    /// What the page itself reads from the query of its address; the rest of its state is in the fragment.
    static let parameters = ["target", "window"]

    /// The page at `/`.
    static func page(nonce: String) -> [UInt8] {
        let page = Markup.fill(
            text(PackageResources.page_html),
            [
                "nonce": attribute(nonce), "page.css": style + text(PackageResources.page_css),
                "page.js": viewer + pageScript,
            ])
        return Array(page.utf8)
    }

    /// One profile with everything that shows it.
    ///
    /// - Parameters:
    ///   - title: plain text.
    ///   - profile: JSON as ``JSONWriter`` writes it, fit for a script element.
    static func profile(title: String, profile: String, nonce: String?) -> [UInt8] {
        let document = Markup.fill(
            text(PackageResources.document_html),
            [
                "nonce": attribute(nonce), "title": Markup.escape(title), "profile": profile, "viewer.css": style,
                "viewer.js": viewer, "document.js": text(PackageResources.document_js),
            ])
        return Array(document.utf8)
    }

    /// The attribute that lets an inline script run under the policy of the response; nothing in a stored file.
    static func attribute(_ nonce: String?) -> String { nonce.map { " nonce=\"\($0)\"" } ?? "" }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Colours, and the looks of a profile.
    private static let style = joined([PackageResources.theme_css, PackageResources.viewer_css])

    /// What shows a profile, in the page and in stored documents: each script uses those before it.
    private static let viewer = joined([
        PackageResources.text_js, PackageResources.palette_js, PackageResources.tree_js, PackageResources.turned_js,
        PackageResources.search_js, PackageResources.layout_js, PackageResources.facts_js, PackageResources.paint_js,
        PackageResources.flame_js, PackageResources.table_js, PackageResources.truth_js, PackageResources.profile_js,
        PackageResources.viewer_js,
    ])

    /// What the page has beside it.
    private static let pageScript = joined([
        PackageResources.address_js, PackageResources.daemon_js, PackageResources.targets_js,
        PackageResources.timescale_js, PackageResources.timelinePaint_js, PackageResources.timeline_js,
        PackageResources.difference_js, PackageResources.filters_js, PackageResources.downloads_js,
        PackageResources.timebar_js, PackageResources.keys_js, PackageResources.page_js,
    ])

    private static func joined(_ parts: [[UInt8]]) -> String { parts.map(text).joined() }
}
