import Testing

/// Suites that start real daemons and load the host, one test after another.
@Suite(.serialized, .enabled(if: LiveDaemon.obstacle == nil, Comment(rawValue: LiveDaemon.obstacle ?? "")))
enum LiveSuites {}
