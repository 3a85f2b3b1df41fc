/// Documents for a browser, put together from the parts in this folder into one file each.
enum PageDocument {
    /// What the page itself reads from its address.
    static let parameters = ["target", "window"]

    /// The page at `/`.
    static func page(nonce: String) -> [UInt8] {
        let page = Markup.fill(
            text(PackageResources.page_html),
            [
                "nonce": attribute(nonce), "flame.css": text(PackageResources.flame_css),
                "flame.js": text(PackageResources.flame_js), "page.css": text(PackageResources.page_css),
                "page.js": text(PackageResources.page_js),
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
                "nonce": attribute(nonce), "title": Markup.escape(title), "profile": profile,
                "flame.css": text(PackageResources.flame_css), "flame.js": text(PackageResources.flame_js),
            ])
        return Array(document.utf8)
    }

    /// The attribute that lets an inline script run under the policy of the response; nothing in a stored file.
    static func attribute(_ nonce: String?) -> String { nonce.map { " nonce=\"\($0)\"" } ?? "" }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
