/// The page at `/`, put together from its parts.
enum PageDocument {
    /// What the page itself reads from its address.
    static let parameters = ["target", "window"]

    /// One self-contained document.
    static func page(nonce: String) -> [UInt8] {
        Array(Markup.fill(text(PackageResources.page_html), ["nonce": " nonce=\"\(nonce)\""]).utf8)
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
