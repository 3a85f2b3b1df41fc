public import Model
import Platform
import Synchronization

/// What a question for lines brought.
public struct LocatedFrames: Sendable {
    /// New names: with file and line, and with the functions that were inlined.
    public var names: [(address: UInt64, name: FrameName)] = []
    /// Addresses to be asked for again, because the time was used up.
    public var later: [UInt64] = []
    /// CPU time of the child, ns.
    public var cpuNanoseconds: UInt64 = 0
}

extension Symbolizer {
    /// CPU time that one module may take in all, ns.
    public static let maximumModuleCPU: UInt64 = 2_000_000_000
    /// CPU time that one request may take, ns; the clock may show four times as much, which is below the timeout.
    static let maximumRequestCPU: UInt64 = 100_000_000
    /// Milliseconds after which a child that looks for lines is ended: names wait for it.
    static let lineTimeout: Int32 = 3000

    /// Source lines and inlined functions for some addresses of an ELF module, out of its DWARF; at most 256 are looked
    /// for, the rest is for later. Those without lines are left out.
    /// - Parameters:
    ///   - frames: addresses with the names that they have.
    ///   - cpuLimit: nanoseconds of CPU time after which the rest is for later; at most 100 ms are spent.
    public func locate(
        module: ModuleID, source: ModuleFiles, frames: [(address: UInt64, name: FrameName)], cpuLimit: UInt64
    ) -> LocatedFrames {
        guard source.kind == .elf else { return LocatedFrames() }
        let start = SystemTime.threadCPU()
        let result = state.withLock { state in
            defer { budget.usedBytes = state.shrink(to: budget.limitBytes) }
            return locate(module, source, frames, cpuLimit, &state)
        }
        budget.charge(cpuNanoseconds: SystemTime.threadCPU() &- start)
        return result
    }

    private func locate(
        _ module: ModuleID, _ source: ModuleFiles, _ frames: [(address: UInt64, name: FrameName)], _ cpuLimit: UInt64,
        _ state: inout State
    ) -> LocatedFrames {
        let key = QuarantineKey(module, source)
        var refusal = state.lines.refusal(of: module)
        if state.quarantined.contains(key) || state.quarantinedLines.contains(key) { refusal = .quarantined }
        if let refusal {
            lineResults.add(refusal, frames.count)
            return LocatedFrames()
        }
        var result = LocatedFrames()
        guard let process = runningProcess(&state) else {
            result.later = frames.map(\.address)
            return result
        }
        let batch = frames.prefix(Wire.maximumAddresses)
        result.later = frames.dropFirst(batch.count).map(\.address)
        var request = SymbolRequest(
            sequence: 0, module: UInt64(module.rawValue), kind: source.kind, size: 0, identity: 0,
            addresses: batch.map(\.address))
        request.question = .lines
        request.cpuLimit = min(cpuLimit, Self.maximumRequestCPU)
        do throws(SymbolizerFailure) {
            let (answers, cpu) = try ask(
                process, request, source, timeout: min(options.timeout, Self.lineTimeout))
            result.cpuNanoseconds = cpu
            lineCPUNanoseconds.add(cpu)
            state.lines.charge(module, cpu, limit: Self.maximumModuleCPU)
            for answer in answers where Int(answer.index) < batch.count {
                keep(answer.outcome, of: frames[Int(answer.index)], module, &result, &state.lines)
            }
        } catch {
            fail(error, &state)
            state.quarantinedLines.insert(key)
            lineResults.add(.quarantined, frames.count)
            result.later = []
        }
        return result
    }

    private func keep(
        _ outcome: SymbolOutcome, of frame: (address: UInt64, name: FrameName), _ module: ModuleID,
        _ result: inout LocatedFrames, _ cache: inout LineCache
    ) {
        switch outcome {
        case .located(let lines):
            result.names.append((frame.address, cache.insert(lines, module, frame.address, frame.name)))
            lineResults.add(.found)
            if lines.count > 1 { lineResults.inlined.add() }
        case .unlocated(.later): result.later.append(frame.address)
        case .unlocated(let reason):
            guard let final = LineResult(reason) else { return }
            lineResults.add(final)
            if final == .noDebugInfo { cache.refuse(module, final) }
        case .named, .unnamed: lineResults.add(.malformed)
        }
    }
}
