import CYaml

/// Turns the events of libyaml into a tree. Bounded: depth, nodes (aliases count as often as they are used), bytes.
struct YamlReader {
    /// What a file may have at most; a real one has a depth of 5 and some hundred nodes.
    static let maximumDepth = 16
    static let maximumNodes = 20_000

    struct Failure: Error {
        var mark: YamlMark?
        var message: String
    }

    private enum Frame {
        case sequence(mark: YamlMark, anchor: String?, items: [YamlNode])
        case mapping(mark: YamlMark, anchor: String?, pairs: [YamlNode.Pair], key: YamlNode?)
    }

    private var stack: [Frame] = []
    private var anchors: [String: YamlNode] = [:]
    private var nodes = 0
    private var documents = 0
    private var root: YamlNode?

    /// The only document of the bytes; `nil` when there is none.
    static func read(_ bytes: [UInt8]) throws(Failure) -> YamlNode? {
        var reader = YamlReader()
        var parser = YamlEvents(bytes)
        while let event = try parser.next() { try reader.take(event) }
        return reader.root
    }

    private mutating func take(_ event: YamlEvents.Event) throws(Failure) {
        switch event.kind {
        case .documentStart:
            documents += 1
            if documents > 1 { throw Failure(mark: event.mark, message: "a second document: one file holds one") }
        case .scalar(let text, let plain):
            try add(YamlNode(content: .scalar(text, plain: plain), mark: event.mark, size: 1), anchor: event.anchor)
        case .alias(let name):
            guard var node = anchors[name] else {
                throw Failure(mark: event.mark, message: "no anchor &\(name) ends before this alias")
            }
            node.mark = event.mark
            try add(node, anchor: nil)
        case .sequenceStart:
            try push(.sequence(mark: event.mark, anchor: event.anchor, items: []), event.mark)
        case .mappingStart:
            try push(.mapping(mark: event.mark, anchor: event.anchor, pairs: [], key: nil), event.mark)
        case .end:
            try pop()
        }
    }

    private mutating func push(_ frame: Frame, _ mark: YamlMark) throws(Failure) {
        if stack.count >= Self.maximumDepth {
            throw Failure(mark: mark, message: "nested deeper than \(Self.maximumDepth) levels")
        }
        stack.append(frame)
    }

    private mutating func pop() throws(Failure) {
        switch stack.popLast() {
        case .sequence(let mark, let anchor, let items):
            let size = items.reduce(1) { $0 + $1.size }
            try add(YamlNode(content: .sequence(items), mark: mark, size: size), anchor: anchor, counted: true)
        case .mapping(let mark, let anchor, let pairs, _):
            let size = pairs.reduce(1) { $0 + $1.key.size + $1.value.size }
            try add(YamlNode(content: .mapping(pairs), mark: mark, size: size), anchor: anchor, counted: true)
        case nil:
            break
        }
    }

    /// Puts a complete node in its place. The parts of a collection were counted when they came.
    private mutating func add(_ node: YamlNode, anchor: String?, counted: Bool = false) throws(Failure) {
        nodes += counted ? 1 : node.size
        if nodes > Self.maximumNodes {
            throw Failure(mark: node.mark, message: "more than \(Self.maximumNodes) values, aliases expanded")
        }
        if let anchor { anchors[anchor] = node }
        switch stack.popLast() {
        case nil:
            root = node
        case .sequence(let mark, let name, var items):
            items.append(node)
            stack.append(.sequence(mark: mark, anchor: name, items: items))
        case .mapping(let mark, let name, var pairs, let key):
            if let key {
                pairs.append(YamlNode.Pair(key: key, value: node))
                stack.append(.mapping(mark: mark, anchor: name, pairs: pairs, key: nil))
            } else {
                stack.append(.mapping(mark: mark, anchor: name, pairs: pairs, key: node))
            }
        }
    }
}
