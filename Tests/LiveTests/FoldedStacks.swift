import Foundation

/// Stacks of one process as the daemon answers them: `comm;root;…;leaf samples`.
struct FoldedStacks {
    struct Stack {
        /// Root first; frames of the kernel left out.
        var frames: [String]
        /// Number of samples.
        var weight: Double
    }

    var stacks: [Stack] = []
    var samples = 0
    var complete = 0
    /// Of them those that are deeper than their dump.
    var completed = 0
    var lost = 0
    /// CPU time in ns that the samples stand for: their number times the mean of their weights.
    var nanoseconds = 0.0

    init(_ text: String, json: String) {
        for line in text.split(separator: "\n") {
            guard let blank = line.lastIndex(of: " "), let weight = Double(line[line.index(after: blank)...]) else {
                continue
            }
            let frames = line[..<blank].split(separator: ";").map(String.init).filter { !$0.hasSuffix("_[k]") }
            stacks.append(Stack(frames: frames, weight: weight))
        }
        let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let truth = object?["truth"] as? [String: Any] ?? [:]
        func number(_ key: String) -> Int { (truth[key] as? NSNumber)?.intValue ?? 0 }
        samples = number("samples")
        complete = samples - number("truncated") - number("broken")
        completed = number("completed")
        lost = number("lost")
        nanoseconds = Double(samples) * Double(number("period"))
    }

    /// Shares of the weight of all stacks in which exactly one of the functions occurs, by function.
    func shares(of functions: [String], isName: (String, String) -> Bool) -> [String: Double] {
        var sums: [String: Double] = [:]
        for stack in stacks {
            if let hit = functions.first(where: { name in stack.frames.contains { isName($0, name) } }) {
                sums[hit, default: 0] += stack.weight
            }
        }
        let total = sums.values.reduce(0, +)
        return sums.mapValues { $0 / total }
    }
}
