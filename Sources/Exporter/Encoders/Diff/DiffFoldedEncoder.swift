import Analysis
import Model

/// Collapsed stacks with two numbers, as `difffolded.pl` writes and `flamegraph.pl` reads them: `root;leaf base to`.
///
/// The numbers are microseconds of CPU in the window of `to`; those of `base` are scaled to it.
enum DiffFoldedEncoder {
    static func encode(_ document: DiffDocument) -> [UInt8] {
        let names = document.diff.names.map(FoldedEncoder.name)
        let scale = document.unitNanoseconds / 1e3
        var lines: [String] = []
        var path: [String] = []
        for node in document.diff.nodes.dropFirst() {
            path.removeLast(path.count - Int(node.depth - 1))
            path.append(names[Int(node.function)] + (node.inlined ? "_[i]" : ""))
            let base = NumberText.rounded(node.ownBase * scale)
            let value = NumberText.rounded(node.ownValue * scale)
            if base > 0 || value > 0 { lines.append("\(path.joined(separator: ";")) \(base) \(value)") }
        }
        return lines.sorted().flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }
    }
}
