import Model
import TestKit
import Testing

@testable import Store

struct StackTrieTests {
    private func insert(_ path: [UInt32], into trie: inout StackTrie) -> UInt32 {
        path.reduce(0) { trie.child(of: $0, frame: $1) }
    }

    private func walk(_ leaf: UInt32, in trie: StackTrie) -> [UInt32] {
        var path: [UInt32] = []
        var node = Int(leaf)
        while node > 0 {
            path.append(UInt32(bitPattern: trie.nodes[node].frame))
            node = Int(trie.nodes[node].parent)
        }
        return path.reversed()
    }

    /// Each path is found again as it went in, equal paths are one node, others are not.
    @Test(arguments: 0..<20 as Range<UInt64>) func walks(seed: UInt64) {
        var generator = SeededGenerator(seed)
        var trie = StackTrie()
        var leaves: [[UInt32]: UInt32] = [:]
        for _ in 0..<3000 {
            let path = (0..<generator.below(10)).map { _ in UInt32(generator.below(8)) }
            let leaf = insert(path, into: &trie)
            #expect(leaves[path] ?? leaf == leaf)
            leaves[path] = leaf
        }
        for (path, leaf) in leaves { #expect(walk(leaf, in: trie) == path) }
        #expect(Set(leaves.values).count == leaves.count)
        #expect(trie.nodes.indices.dropFirst().allSatisfy { trie.nodes[$0].parent < Int32($0) })
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func compacts(seed: UInt64) {
        var generator = SeededGenerator(seed)
        var trie = StackTrie()
        let paths = (0..<500).map { _ in (0..<generator.below(10)).map { _ in UInt32(generator.below(5)) } }
        let leaves = paths.map { insert($0, into: &trie) }
        let kept = leaves.indices.filter { _ in generator.below(3) == 0 }
        var marks = [Bool](repeating: false, count: trie.count)
        for index in kept {
            var node = Int(leaves[index])
            while node > 0 {
                marks[node] = true
                node = Int(trie.nodes[node].parent)
            }
        }
        let (smaller, numbers) = trie.compacted(keeping: marks, frames: [10, 11, 12, 13, 14])
        for index in kept { #expect(walk(numbers[Int(leaves[index])], in: smaller) == paths[index].map { $0 + 10 }) }
        #expect(smaller.count == 1 + marks.count { $0 })
    }

    /// Depth is no recursion.
    @Test func deep() {
        var trie = StackTrie()
        let path = [UInt32](repeating: 3, count: 200_000)
        let leaf = insert(path, into: &trie)
        #expect(walk(leaf, in: trie).count == path.count)
    }
}
