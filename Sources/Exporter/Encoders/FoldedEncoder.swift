import Analysis
import Model

/// Collapsed stacks: `root;child;leaf count`, one line for each distinct stack of functions, in byte order.
enum FoldedEncoder {
    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let tree = FlameTree(document.profile, title: "", levels: document.levels, maximumNodes: .max)
        let names = tree.functions.map(name)
        var lines: [String] = []
        var path: [String] = []
        for node in tree.nodes.dropFirst() {
            path.removeLast(path.count - Int(node.depth - 1))
            path.append(names[Int(node.function)] + (node.inlined ? "_[i]" : ""))
            if node.selfCount > 0 { lines.append("\(path.joined(separator: ";")) \(node.selfCount)") }
        }
        var bytes: [UInt8] = []
        for line in lines.sorted() {
            bytes.append(contentsOf: line.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// The name without what separates stacks and lines, marked as other tools mark the kernel and JIT code
    /// (`flamegraph.pl`, annotations of names); functions that were inlined get `_[i]`.
    static func name(_ function: Function) -> String {
        let name = String(PlainText.line(function.name).map { $0 == ";" ? ":" : $0 })
        switch function.kind {
        case .kernel: return name + "_[k]"
        case .jit: return name + "_[j]"
        case .native, .marker, .unknown, .group: return name.isEmpty ? "[unknown]" : name
        }
    }
}
