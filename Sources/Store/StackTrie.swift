import Model

/// Stacks as paths from the root: stacks that share callers share nodes.
///
/// Node 0 is the empty stack; a child's number is larger than its parent's.
struct StackTrie {
    private(set) var nodes: [StackNode] = [.root]
    /// Open addressing over node numbers, 0 = free (node 0 is nobody's child). A power of two, at most 3/4 full.
    private var table = [UInt32](repeating: 0, count: 1024)

    var count: Int { nodes.count }

    /// Bytes held.
    var bytes: Int { nodes.capacity * MemoryLayout<StackNode>.stride + table.capacity * 4 }

    /// The node of a frame called from `parent`, made at its first use.
    mutating func child(of parent: UInt32, frame: UInt32) -> UInt32 {
        if nodes.count * 4 > table.count * 3 { grow() }
        let node = StackNode(parent: Int32(bitPattern: parent), frame: Int32(bitPattern: frame))
        var place = Self.hash(node) & (table.count - 1)
        while table[place] != 0 {
            if nodes[Int(table[place])] == node { return table[place] }
            place = (place + 1) & (table.count - 1)
        }
        let number = UInt32(nodes.count)
        nodes.append(node)
        table[place] = number
        return number
    }

    private static func hash(_ node: StackNode) -> Int {
        let key = UInt64(UInt32(bitPattern: node.parent)) << 32 | UInt64(UInt32(bitPattern: node.frame))
        // Fibonacci hashing: the high bits of the product depend on all bits of the key.
        return Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32)
    }

    private mutating func grow() {
        table = [UInt32](repeating: 0, count: table.count * 2)
        for number in 1..<nodes.count {
            var place = Self.hash(nodes[number]) & (table.count - 1)
            while table[place] != 0 { place = (place + 1) & (table.count - 1) }
            table[place] = UInt32(number)
        }
    }

    /// A trie with only the marked nodes; callers of marked nodes must be marked.
    func compacted(keeping kept: [Bool], frames: [UInt32]) -> (trie: StackTrie, newNumbers: [UInt32]) {
        var trie = StackTrie()
        var newNumbers = [UInt32](repeating: 0, count: nodes.count)
        for number in 1..<max(1, nodes.count) where kept[number] {
            let node = nodes[number]
            newNumbers[number] = trie.child(of: newNumbers[Int(node.parent)], frame: frames[Int(node.frame)])
        }
        return (trie, newNumbers)
    }
}
