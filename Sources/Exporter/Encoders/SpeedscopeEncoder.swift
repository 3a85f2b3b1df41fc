import Analysis
import Model

/// The file format of speedscope (https://www.speedscope.app/file-format-schema.json): sampled profiles.
enum SpeedscopeEncoder {
    static func encode(_ document: ProfileDocument) -> [UInt8] {
        encode([document], name: document.title) { TruthJSON.write(document.profile, to: &$0) }
    }

    /// Both sides as two profiles of one file: the format knows no negative weights.
    static func encode(diff document: DiffDocument) -> [UInt8] {
        let sides = [
            ProfileDocument(profile: document.to, target: document.title),
            ProfileDocument(profile: document.base, target: "base: " + document.baseTitle),
        ]
        return encode(sides, name: document.heading) {
            $0.object("base") { TruthJSON.write(document.base, to: &$0) }
            $0.object("to") { TruthJSON.write(document.to, to: &$0) }
        }
    }

    private static func encode(
        _ documents: [ProfileDocument], name: String, truth: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var first: Int32 = 0
        let sheets = documents.map { document in
            let sheet = SpeedscopeSheet(document, firstFrame: first)
            first += sheet.frameCount
            return sheet
        }
        var json = JSONWriter()
        json.object {
            $0.field("$schema", "https://www.speedscope.app/file-format-schema.json")
            $0.field("exporter", "hearth")
            $0.field("name", name)
            $0.field("activeProfileIndex", 0)
            $0.object("shared") { shared in
                shared.array("frames") { frames in
                    for sheet in sheets { sheet.writeFrames(to: &frames) }
                }
            }
            $0.array("profiles") { profiles in
                for sheet in sheets { profiles.object { sheet.writeProfile(to: &$0) } }
            }
            truth(&$0)
        }
        return json.bytes
    }
}

/// One profile of a file, with its own part of the table of frames.
private struct SpeedscopeSheet {
    private let document: ProfileDocument
    private let tree: FlameTree
    private let stacks: [Int]
    private let firstFrame: Int32
    /// Functions that were inlined somewhere, and the frame that says so.
    private let inlined: [(function: Int32, frame: Int32)]

    init(_ document: ProfileDocument, firstFrame: Int32) {
        self.document = document
        self.firstFrame = firstFrame
        let tree = FlameTree(document.profile, title: document.target, levels: document.levels, maximumNodes: .max)
        self.tree = tree
        stacks = tree.nodes.indices.filter { tree.nodes[$0].selfWeight > 0 }
        let functions = Array(Set(tree.nodes.filter(\.inlined).map(\.function))).sorted()
        inlined = functions.enumerated().map { ($1, firstFrame + Int32(tree.functions.count + $0)) }
    }

    var frameCount: Int32 { Int32(tree.functions.count + inlined.count) }

    /// Each function, and those that were inlined once more with a mark.
    func writeFrames(to frames: inout JSONWriter) {
        for function in tree.functions { Self.writeFrame(function, suffix: "", to: &frames) }
        for (number, _) in inlined {
            Self.writeFrame(tree.functions[Int(number)], suffix: " [inlined]", to: &frames)
        }
    }

    private static func writeFrame(_ function: Function, suffix: String, to json: inout JSONWriter) {
        json.object {
            $0.field("name", (function.kind == .kernel ? function.name + " [kernel]" : function.name) + suffix)
            if !function.module.isEmpty { $0.field("file", function.module) }
        }
    }

    func writeProfile(to json: inout JSONWriter) {
        let marked = Dictionary(uniqueKeysWithValues: inlined.map { ($0.function, $0.frame) })
        let weights = stacks.map { NumberText.rounded(tree.nodes[$0].selfWeight) }
        json.field("type", "sampled")
        json.field("name", document.title)
        json.field("unit", "nanoseconds")
        json.field("startValue", 0)
        let end: Int64 = weights.reduce(0) { $0.addingReportingOverflow($1).partialValue }
        json.field("endValue", end)
        json.array("samples") {
            for stack in stacks {
                $0.array { list in
                    for frame in path(to: stack, marked) { list.value(frame) }
                }
            }
        }
        json.array("weights") { list in
            for weight in weights { list.value(weight) }
        }
    }

    /// Root first, without the node that stands for the whole.
    private func path(to node: Int, _ marked: [Int32: Int32]) -> [Int32] {
        var path: [Int32] = []
        var node = node
        while node > 0 {
            let function = tree.nodes[node].function
            let plain = firstFrame + function
            path.append(tree.nodes[node].inlined ? marked[function] ?? plain : plain)
            node = Int(tree.nodes[node].parent)
        }
        return path.reversed()
    }
}
