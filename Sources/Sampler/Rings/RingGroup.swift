import CPlatform
import Glibc
import Model
import Platform

/// All rings of the host: opened together, read as one stream in the order of time.
///
/// Owned by the sampler's thread.
final class RingGroup {
    struct Lane {
        let event: PerfEvent
        var schedule: PeriodSchedule
        /// Type and time of the record at the front, `nil` when the ring is read up.
        var front: (type: UInt32, time: UInt64)?
        var isThrottled = false
        /// Time of the last sample that was deeper than its dump, if each sample rings the bell because of it.
        var deepAt: UInt64?
    }

    private(set) var lanes: [Lane] = []
    /// Bytes of one ring.
    let ringBytes: Int
    private var pollSet: [pollfd] = []
    private var generator = SystemRandomNumberGenerator()

    /// Events of further tasks that write into the rings of the lanes.
    private var followers: [FollowingEvent] = []
    /// Lanes of the followers.
    private var followed: [Int] = []
    private var bell: SampleBell?

    /// Opens one disabled event and ring for each CPU.
    ///
    /// - Throws: the error of the first CPU for which no ring could be opened at any size.
    init(cpus: [Int32], settings: SamplerSettings) throws(Errno) {
        let tasks = Self.tasks(of: settings)
        let periods = tasks.isEmpty ? [settings.nominalPeriod] : PeriodMix(nominal: settings.nominalPeriod).periods
        let (events, size) = try Self.open(cpus: cpus, pid: tasks.first ?? -1, settings: settings, period: periods[0])
        ringBytes = size
        let now = SystemTime().monotonic()
        // A period cannot be changed in children that inherited it: several fixed ones share the rate instead.
        let jitter = tasks.isEmpty ? settings.jitter : 0
        for event in events {
            let following = try Self.follow(event, tasks: tasks, settings: settings, periods: periods)
            followed += Array(repeating: lanes.count, count: following.count)
            followers += following
            let schedule = PeriodSchedule(nominal: settings.nominalPeriod, jitter: jitter, start: now)
            lanes.append(Lane(event: event, schedule: schedule))
            pollSet.append(pollfd(fd: event.number, events: Int16(POLLIN), revents: 0))
        }
    }

    /// Threads whose events are opened one by one; empty when the whole host is sampled.
    private static func tasks(of settings: SamplerSettings) -> [Int32] {
        guard case .processes(let pids) = settings.scope else { return [] }
        return pids.flatMap { ProcFile.numbers(in: "\(settings.procRoot)/\($0)/task") }
    }

    /// The other events of all tasks on the CPU of an event, into its ring. Tasks that ended meanwhile are left out.
    private static func follow(
        _ leader: PerfEvent, tasks: [Int32], settings: SamplerSettings, periods: [UInt64]
    ) throws(Errno) -> [FollowingEvent] {
        var events: [FollowingEvent] = []
        for task in tasks {
            for (number, period) in periods.enumerated() where task != tasks[0] || number > 0 {
                var sampling = sampling(settings, period: period, ring: 0)
                sampling.reportsChanges = number == 0
                do {
                    events.append(try FollowingEvent(sampling, pid: task, into: leader))
                } catch {
                    guard error.code == ESRCH || error.code == EACCES else { throw error }
                }
            }
        }
        return events
    }

    private static func sampling(_ settings: SamplerSettings, period: UInt64, ring: Int) -> PerfSampling {
        var sampling = PerfSampling(
            periodNanoseconds: period, stackBytes: settings.stackBytes, userOnly: settings.userOnly,
            wakeupBytes: settings.wakeup == .batched ? UInt32(max(ring / 2, 1)) : 0)
        if case .processes = settings.scope { sampling.inherit = true }
        return sampling
    }

    /// Halves the size until every ring fits under the memlock limit.
    private static func open(
        cpus: [Int32], pid: Int32, settings: SamplerSettings, period: UInt64
    ) throws(Errno) -> ([PerfEvent], Int) {
        var size = settings.ringBytes(cpus: cpus.count)
        while true {
            do {
                var events: [PerfEvent] = []
                for cpu in cpus {
                    let sampling = sampling(settings, period: period, ring: size)
                    events.append(try PerfEvent(sampling, pid: pid, cpu: cpu, dataBytes: size))
                }
                return (events, size)
            } catch {
                guard error.code == EPERM || error.code == ENOMEM, size > SamplerSettings.smallestRing else {
                    throw error
                }
                size /= 2
            }
        }
    }

    /// Starts all events.
    func enable() throws(Errno) {
        for index in lanes.indices {
            try lanes[index].event.enable()
            lanes[index].schedule.change(to: lanes[index].schedule.period, at: SystemTime().monotonic())
        }
        for follower in followers { try follower.enable() }
    }

    /// Why a wait ended.
    struct Wake {
        /// `extra` became readable.
        var isStopped = false
        /// Only the bell rang: samples came, but no ring wants to be read.
        var isBellOnly = false
    }

    /// Lets samples of deep threads wake the calling thread at once, which has to be the one that waits.
    ///
    /// - Throws: EMFILE and the like; then rings only wake it in batches.
    func hangBell() throws(Errno) { bell = try SampleBell() }

    /// Waits until a ring wants to be read, the bell rings, `extra` becomes readable, or the time is up.
    func wait(milliseconds: Int32, extra: Int32) -> Wake {
        var set = pollSet
        set.append(pollfd(fd: extra, events: Int16(POLLIN), revents: 0))
        set.append(pollfd(fd: bell?.number ?? -1, events: Int16(POLLIN), revents: 0))
        // SAFETY: the array outlives the call and has as many elements as are told.
        _ = unsafe poll(&set, nfds_t(set.count), milliseconds)
        // A ring whose task has ended reports POLLHUP for ever: leave it out of the next polls.
        for index in pollSet.indices where set[index].revents & Int16(POLLHUP) != 0 { pollSet[index].fd = -1 }
        let hasRung = set[set.count - 1].revents != 0
        if hasRung { bell?.silence() }
        return Wake(
            isStopped: set[set.count - 2].revents & Int16(POLLIN) != 0,
            isBellOnly: hasRung && !pollSet.indices.contains { set[$0].revents != 0 })
    }

    /// A sample of a lane was deeper than its dump: from now on each one rings the bell.
    func noteDeep(lane: Int, at time: UInt64) -> Bool {
        let isNew = lanes[lane].deepAt == nil
        if isNew, !setBell(lane, isOn: true) { return false }
        lanes[lane].deepAt = max(lanes[lane].deepAt ?? 0, time)
        return isNew
    }

    /// Lets lanes without deep samples since a time go back to waking in batches.
    func calm(since time: UInt64) {
        for index in lanes.indices where lanes[index].deepAt.map({ $0 < time }) ?? false {
            _ = setBell(index, isOn: false)
            lanes[index].deepAt = nil
        }
    }

    private func setBell(_ lane: Int, isOn: Bool) -> Bool {
        guard let bell, (try? lanes[lane].event.setBell(bell, isOn: isOn)) != nil else { return false }
        for (index, follower) in followers.enumerated() where followed[index] == lane {
            try? follower.setBell(bell, isOn: isOn)
        }
        return true
    }

    /// Shows records that came since the last preview, before their turn comes.
    func preview(_ body: (RecordPreview) -> Void) {
        for index in lanes.indices where lanes[index].deepAt != nil {
            lanes[index].event.ring.refresh()
            lanes[index].event.ring.preview(body)
        }
    }

    /// Whether every ring has reported the end of its task.
    var hasEnded: Bool { pollSet.allSatisfy { $0.fd < 0 } }

    /// Hands over all records with a time stamp below `limit`, the oldest of all rings first.
    ///
    /// A record's bytes are valid during the call only.
    func drain(before limit: UInt64, _ body: (UnsafeRawBufferPointer, Int) -> Void) {
        for index in lanes.indices {
            lanes[index].event.ring.refresh()
            loadFront(index)
        }
        while let lane = oldest(before: limit) {
            if let record = unsafe lanes[lane].event.ring.peek() { unsafe body(record, lane) }
            lanes[lane].event.ring.advance()
            loadFront(lane)
            releaseSometimes(lane)
        }
        for index in lanes.indices { lanes[index].event.ring.release() }
    }

    /// Room is given back before the drain ends, so that a full ring loses as little as possible.
    private func releaseSometimes(_ lane: Int) {
        if lanes[lane].event.ring.unreleasedBytes > ringBytes / 8 { lanes[lane].event.ring.release() }
    }

    private func loadFront(_ lane: Int) {
        guard let header = lanes[lane].event.ring.peekWord(at: 0) else {
            lanes[lane].front = nil
            return
        }
        let type = UInt32(truncatingIfNeeded: header)
        let time = lanes[lane].event.ring.peekWord(at: PerfRecord.timeOffset(type: type)) ?? 0
        lanes[lane].front = (type, time)
    }

    private func oldest(before limit: UInt64) -> Int? {
        var best: Int?
        var bestTime = limit
        for index in lanes.indices {
            if let front = lanes[index].front, front.time < bestTime {
                best = index
                bestTime = front.time
            }
        }
        return best
    }

    /// Draws new periods for rings whose period is older than `age`.
    func jitter(olderThan age: UInt64) {
        for index in lanes.indices {
            let now = SystemTime().monotonic()
            guard lanes[index].schedule.isJittered, now &- lanes[index].schedule.changedAt >= age else { continue }
            let period = lanes[index].schedule.drawPeriod(using: &generator)
            guard (try? lanes[index].event.setPeriod(nanoseconds: period)) != nil else { continue }
            let after = SystemTime().monotonic()
            lanes[index].schedule.change(to: period, at: now + (after - now) / 2)
        }
    }

    /// Notes a throttle or its end on a CPU.
    func setThrottled(_ throttled: Bool, lane: Int) { lanes[lane].isThrottled = throttled }
}
