/// How a command ends; the contract of scripts that call it.
enum ExitStatus: Int32 {
    /// Fine.
    case fine = 0
    /// The answer is no: the target is not there.
    case answerIsNo = 1
    /// The command was not understood.
    case usage = 2
    /// The daemon cannot be reached, or does not permit it.
    case unreachable = 3
    /// There is not enough data for an answer.
    case undecided = 4
    /// Anything else.
    case failed = 5
}

/// Why a command could not do what it was asked for.
struct Failure: Error, CustomStringConvertible {
    var status: ExitStatus
    /// What went wrong.
    var message: String
    /// What to do about it; empty if that is not known.
    var hint: String

    init(_ status: ExitStatus, _ message: String, hint: String = "") {
        self.status = status
        self.message = message
        self.hint = hint
    }

    /// One line, or two.
    var description: String { hint.isEmpty ? message : "\(message)\n  \(hint)" }
}
