public import Model
import Synchronization

/// The newest events, in memory.
public final class EventRing: EventSource, EventSink {
    /// Events that are held; the oldest makes room for the next.
    public static let capacity = 2048
    /// Longest text that is kept, in bytes: parts of it come from programs.
    static let longestText = 512

    private struct State {
        var events: [HostEvent] = []
        var next = 0
    }

    private let state = Mutex(State())

    /// An empty ring.
    public init() {}

    /// Keeps an event; its text is cut.
    public func note(_ event: HostEvent) {
        var event = event
        if event.text.utf8.count > Self.longestText {
            event.text = String(decoding: event.text.utf8.prefix(Self.longestText), as: UTF8.self)
        }
        state.withLock { [event] state in
            if state.events.count < Self.capacity {
                state.events.append(event)
            } else {
                state.events[state.next] = event
                state.next = (state.next + 1) % Self.capacity
            }
        }
    }

    /// The newest first.
    public func events(_ query: EventQuery) -> [HostEvent] {
        let events = state.withLock { $0.events }
        let found = events.filter(query.matches).sorted { $0.time > $1.time }
        return Array(found.prefix(EventQuery.mostEvents))
    }
}
