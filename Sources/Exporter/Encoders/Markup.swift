/// Text for XML and HTML. Names come from hostile files: nothing of them may end an element or an attribute.
enum Markup {
    /// The text with all that has a meaning in markup replaced, fit for elements and for quoted attributes.
    /// Characters that XML 1.0 forbids (section 2.2) become U+FFFD.
    static func escape(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result += " "
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Fills `{{name}}` places of a template. Values are put in as they are and not searched again.
    static func fill(_ template: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = template.utf8[...]
        while let open = index(of: "{{", in: rest), let close = index(of: "}}", in: rest[open...]) {
            let name = String(Substring(rest[rest.utf8Offset(open, 2)..<close]))
            result += String(Substring(rest[..<open]))
            if let value = values[name] {
                result += value
            } else {
                result += "{{" + name + "}}"
            }
            rest = rest[rest.utf8Offset(close, 2)...]
        }
        return result + String(Substring(rest))
    }

    private static func index(of pair: String, in text: Substring.UTF8View) -> String.Index? {
        guard let wanted = pair.utf8.first else { return nil }
        var previous: (index: String.Index, byte: UInt8)?
        for index in text.indices {
            let byte = text[index]
            if byte == wanted, let previous, previous.byte == wanted { return previous.index }
            previous = (index, byte)
        }
        return nil
    }
}

extension Substring.UTF8View {
    fileprivate func utf8Offset(_ index: String.Index, _ distance: Int) -> String.Index {
        self.index(index, offsetBy: distance)
    }
}
