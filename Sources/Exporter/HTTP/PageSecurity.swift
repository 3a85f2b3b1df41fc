/// Headers that keep hostile names harmless in a browser.
enum PageSecurity {
    /// A fresh value for the `nonce` attributes of one document.
    static func makeNonce() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = String(random.next() as UInt64, radix: 16) + String(random.next() as UInt64, radix: 16)
        return String(repeating: "0", count: 32 - digits.utf8.count) + digits
    }

    /// For our own pages: nothing external, scripts and styles only with the nonce, no frames.
    static func headers(nonce: String?) -> [(name: String, value: String)] {
        let inline = nonce.map { "'nonce-\($0)'" } ?? "'none'"
        let policy =
            "default-src 'none'; script-src \(inline); style-src \(inline); connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return common(policy)
    }

    /// For graphs: they also get an origin of their own, so that a script in them could ask this server for nothing.
    static func documentHeaders(nonce: String) -> [(name: String, value: String)] {
        let inline = "'nonce-\(nonce)'"
        return common(
            "default-src 'none'; script-src \(inline); style-src \(inline); img-src data:; base-uri 'none'; "
                + "form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-downloads")
    }

    private static func common(_ policy: String) -> [(name: String, value: String)] {
        [
            ("Content-Security-Policy", policy), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
    }
}
