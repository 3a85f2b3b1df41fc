import Platform
import Synchronization

/// Asks the daemon on a thread of its own, so that keys are obeyed while an answer is awaited.
final class TopFeed: Sendable {
    /// What is asked for.
    struct Question: Equatable, Sendable {
        var target: String
        var window: String
        var kind: String
        var sort: String
        var rows: Int
        var filter: [String: String]
        /// Whether the list of targets is wanted as well.
        var wantsTargets: Bool
    }

    /// What came back, or why nothing did.
    struct Answer: Sendable {
        var question: Question
        var hot: JSONValue?
        var targets: JSONValue?
        var failure: Failure?
    }

    private let daemon: Daemon
    private let wake: WakeSignal
    private let state = Mutex<(question: Question?, answer: Answer?, isAsking: Bool)>((nil, nil, false))

    init(_ daemon: Daemon) throws(Failure) {
        self.daemon = daemon
        do throws(Errno) {
            wake = try WakeSignal()
        } catch { throw Failure(.failed, "no event descriptor: \(error)") }
        // Never joined: it ends with the program, which must not wait for a daemon that hangs.
        _ = PlatformThread(name: "hearth-feed") { [self] in while true { work() } }
    }

    /// Whether an answer is on its way.
    var isAsking: Bool { state.withLock { $0.isAsking } }

    /// Asks; a question that was not yet sent is forgotten.
    func ask(_ question: Question) {
        state.withLock { ($0.question, $0.isAsking) = (question, true) }
        wake.send()
    }

    /// The latest answer, once.
    func take() -> Answer? { state.withLock { $0.answer.take() } }

    private func work() {
        wake.wait()
        guard let question = state.withLock({ $0.question.take() }) else { return }
        var answer = Answer(question: question)
        do throws(Failure) {
            answer.hot = try daemon.fetchJSON(hotRequest(question)).value
            if question.wantsTargets {
                answer.targets = try daemon.fetchJSON(HTTPRequest(path: "/api/v1/targets")).value
            }
        } catch { answer.failure = error }
        state.withLock { ($0.answer, $0.isAsking) = (answer, $0.question != nil) }
    }

    private func hotRequest(_ question: Question) -> HTTPRequest {
        var query = [
            ("target", question.target), ("window", question.window), ("kind", question.kind),
            ("n", "\(question.rows)"), ("sort", question.sort),
        ]
        query += question.filter.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return HTTPRequest(path: "/api/v1/hot", query: query)
    }
}
