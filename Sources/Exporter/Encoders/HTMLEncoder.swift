/// A self-contained document: an interactive flame graph, the hottest functions, what the profile is worth.
enum HTMLEncoder {
    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let json = String(decoding: JSONProfileEncoder.encode(document), as: UTF8.self)
        return PageDocument.profile(title: "Hearth: " + document.title, profile: json, nonce: document.nonce)
    }
}
