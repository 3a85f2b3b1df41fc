import Platform
import Sampler
import Synchronization

/// The sampler on its thread, seen from the concurrent world: when it runs, when it ended, how to stop it.
final class SamplerLoop: Sendable {
    private enum State {
        case running
        case waiting(CheckedContinuation<Void, any Error>)
        case ended((any Error)?)
    }

    private let state = Mutex(State.running)
    private let stopSignal: StopSignal
    private let box: SamplerBox

    /// Takes a sampler over; nothing runs yet.
    init(_ sampler: consuming sending HostSampler) {
        stopSignal = sampler.stop
        box = SamplerBox(sampler)
    }

    /// Starts the thread, once.
    ///
    /// - Parameter started: called on the thread when sampling runs.
    func start(started: @escaping @Sendable () -> Void) {
        _ = PlatformThread(name: "hearth-sampler") { [self] in
            do throws(Errno) {
                try box.sampler.run(started: started)
                finish(nil)
            } catch {
                finish(error)
            }
        }
    }

    /// Hands the sampler to its thread, which alone uses it from then on.
    private final class SamplerBox: @unchecked Sendable {
        let sampler: HostSampler
        init(_ sampler: HostSampler) { self.sampler = sampler }
    }

    /// Ends the loop after one last drain. May be called from any thread.
    func stop() { stopSignal.send() }

    private func finish(_ error: (any Error)?) {
        let waiting: CheckedContinuation<Void, any Error>? = state.withLock { state in
            defer { state = .ended(error) }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        if let error { waiting?.resume(throwing: error) } else { waiting?.resume() }
    }

    /// Returns when the loop has ended; throws what ended it. One caller.
    func ended() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let result: (ended: Bool, error: (any Error)?) = state.withLock { state in
                if case .ended(let error) = state { return (true, error) }
                state = .waiting(continuation)
                return (false, nil)
            }
            guard result.ended else { return }
            if let error = result.error { continuation.resume(throwing: error) } else { continuation.resume() }
        }
    }
}
