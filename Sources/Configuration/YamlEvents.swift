import CYaml

/// The owner of a libyaml parser over bytes in memory.
@safe struct YamlEvents: ~Copyable {
    enum Kind {
        case documentStart
        case scalar(String, plain: Bool)
        case alias(String)
        case sequenceStart
        case mappingStart
        /// The end of a sequence or a mapping.
        case end
    }

    struct Event {
        var kind: Kind
        var anchor: String?
        var mark: YamlMark
    }

    // Both are freed in deinit, after the parser that points into them.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var failed = false

    init(_ bytes: [UInt8]) {
        // SAFETY: the parser keeps a pointer to the input; both live as long as this owner and do not move.
        unsafe parser = .allocate(capacity: 1)
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        // The only failure is want of memory, and then the first parse reports it: the struct is zeroed.
        failed = unsafe yaml_parser_initialize(parser) == 0
        if !failed {
            unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        }
    }

    deinit {
        // SAFETY: allocated in init, deleted once; the parser goes before the bytes it reads.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event that matters; `nil` at the end of the stream.
    mutating func next() throws(YamlReader.Failure) -> Event? {
        while true {
            if failed { throw YamlReader.Failure(mark: nil, message: "not enough memory") }
            // SAFETY: the event is plain memory that yaml_parser_parse fills and yaml_event_delete empties.
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) != 0 else {
                failed = true
                throw problem()
            }
            defer { unsafe yaml_event_delete(&event) }
            if unsafe event.type == YAML_STREAM_END_EVENT || event.type == YAML_NO_EVENT { return nil }
            if let result = unsafe Self.translate(event) { return result }
        }
    }

    private func problem() -> YamlReader.Failure {
        // SAFETY: `problem` is nil or a constant string of the library.
        let text = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "not valid YAML"
        var mark = unsafe parser.pointee.problem_mark
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let line = unsafe input.prefix(parser.pointee.problem_offset).count { $0 == UInt8(ascii: "\n") }
            mark = yaml_mark_t(index: 0, line: line, column: 0)
        }
        return YamlReader.Failure(mark: YamlMark(mark), message: "not valid YAML: \(text)")
    }

    @unsafe private static func translate(_ event: yaml_event_t) -> Event? {
        let mark = unsafe YamlMark(event.start_mark)
        // SAFETY: the member of the union is the one that `type` names; strings in it are valid until the event is
        // deleted, and are copied here.
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT:
            return Event(kind: .documentStart, mark: mark)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let text = unsafe String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let plain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return Event(kind: .scalar(text, plain: plain), anchor: unsafe name(scalar.anchor), mark: mark)
        case YAML_ALIAS_EVENT:
            return Event(kind: .alias(unsafe name(event.data.alias.anchor) ?? ""), mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            return Event(kind: .sequenceStart, anchor: unsafe name(event.data.sequence_start.anchor), mark: mark)
        case YAML_MAPPING_START_EVENT:
            return Event(kind: .mappingStart, anchor: unsafe name(event.data.mapping_start.anchor), mark: mark)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return Event(kind: .end, mark: mark)
        default:
            return nil
        }
    }

    @unsafe private static func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // SAFETY: libyaml ends anchors with a zero byte.
        unsafe text.map { unsafe String(cString: $0) }
    }
}

extension YamlMark {
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}
