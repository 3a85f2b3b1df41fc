/// Something that happened at a moment, or lasted for a while: what a person looks for on a timeline.
public struct HostEvent: Hashable, Sendable {
    /// What happened; the raw values are those of the interface.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The daemon began to record, ended, read its configuration again.
        case start, stop, reload
        /// A process of a target began to run another program, ended, was ended by a signal.
        case exec, exit, kill
        /// A runtime stopped its threads.
        case pause
    }

    /// Nanoseconds since the Unix epoch.
    public var time: Int64
    /// Length in ns, 0 for moments.
    public var duration: Int64
    /// What happened.
    public var kind: Kind
    /// The target, empty for the daemon itself.
    public var target: String
    /// For people.
    public var text: String

    /// An event.
    public init(time: Int64, duration: Int64 = 0, kind: Kind, target: String = "", text: String) {
        self.time = time
        self.duration = duration
        self.kind = kind
        self.target = target
        self.text = text
    }
}

/// A question about events.
public struct EventQuery: Hashable, Sendable {
    /// A target by its name; `nil`: all.
    public var target: String?
    /// Start of the window, nanoseconds since the Unix epoch.
    public var from: Int64
    /// End of the window, nanoseconds since the Unix epoch.
    public var to: Int64

    /// Events of one answer at most.
    public static let mostEvents = 1000

    /// A question about a window.
    public init(target: String? = nil, from: Int64, to: Int64) {
        self.target = target
        self.from = from
        self.to = to
    }

    /// Whether an event is in the answer: it overlaps the window, and is the target's or the daemon's.
    public func matches(_ event: HostEvent) -> Bool {
        let isWanted = target == nil || event.target.isEmpty || event.target == target
        return isWanted && event.time < to && event.time &+ event.duration >= from
    }
}

/// Answers questions about events.
public protocol EventSource: Sendable {
    /// The newest first, at most ``EventQuery/mostEvents``.
    func events(_ query: EventQuery) -> [HostEvent]
}

/// Takes events, from any thread; never blocks for long.
public protocol EventSink: Sendable {
    /// Keeps an event.
    func note(_ event: HostEvent)
}
