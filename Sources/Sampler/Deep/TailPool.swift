/// Memory above dumps that was read when the samples came, until their turn comes in the order of time.
///
/// Buffers are used again; together they hold a bounded number of bytes.
struct TailPool {
    /// Most bytes above a dump that are read for a sample.
    static let window = 1 << 20
    static let maximumBuffers = 6

    private struct Entry {
        var sample: CutSample
        var buffer: TailBuffer
        var refusal: TailBuffer.Refusal?
    }

    private var entries: [Entry] = []
    private var idle: [TailBuffer] = []

    /// Bytes held.
    var bytes: Int { (entries.map(\.buffer.bytes) + idle.map(\.bytes)).reduce(0, +) }
    /// Whether nothing waits.
    var isEmpty: Bool { entries.isEmpty }
    /// Whether the next samples will find no buffer.
    var isFull: Bool { idle.isEmpty && entries.count >= Self.maximumBuffers }

    /// A buffer to read into; `nil` when all wait.
    mutating func take() -> TailBuffer? {
        if let buffer = idle.popLast() { return buffer }
        return entries.count < Self.maximumBuffers ? TailBuffer(window: Self.window) : nil
    }

    /// Keeps what was read until the sample is handled.
    mutating func keep(_ buffer: TailBuffer, of sample: CutSample, refusal: TailBuffer.Refusal?) {
        entries.append(Entry(sample: sample, buffer: buffer, refusal: refusal))
    }

    /// What was read for a sample. The buffer has to be given back.
    mutating func find(_ sample: CutSample) -> (buffer: TailBuffer, refusal: TailBuffer.Refusal?)? {
        guard let index = entries.firstIndex(where: { $0.sample == sample }) else { return nil }
        let entry = entries.remove(at: index)
        return (entry.buffer, entry.refusal)
    }

    mutating func giveBack(_ buffer: TailBuffer) {
        if idle.count + entries.count < Self.maximumBuffers { idle.append(buffer) }
    }

    /// Gives up what no sample came for.
    mutating func drop(before time: UInt64) {
        while let index = entries.firstIndex(where: { $0.sample.time < time }) {
            idle.append(entries.remove(at: index).buffer)
        }
    }

    /// Gives back all memory that nothing waits for.
    mutating func trim() { idle = [] }
}
