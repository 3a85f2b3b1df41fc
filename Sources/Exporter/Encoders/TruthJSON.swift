import Model

/// What every JSON answer says about its own worth.
enum TruthJSON {
    static func write(_ profile: Profile, to json: inout JSONWriter) {
        json.object("truth") {
            for (name, value) in profile.truth.fields { $0.field(name, number: value) }
            $0.field("period", profile.period)
            $0.field("unit", profile.kind.unit)
            $0.field("from", Timestamp.rfc3339(profile.startTime))
            $0.field("to", Timestamp.rfc3339(profile.endTime))
            $0.field("from_unix_nanoseconds", profile.startTime)
            $0.field("to_unix_nanoseconds", profile.endTime)
        }
    }
}
