import Glibc

/// Why something that a test needs is not on this machine.
public struct Unavailable: Error, Hashable, CustomStringConvertible {
    /// One sentence.
    public var reason: String
    /// An absence with its reason.
    public init(_ reason: String) { self.reason = reason }
    /// For the line that says why a test is skipped.
    public var description: String { "unavailable: \(reason)" }
}

/// Programs of the machine that tests run: compilers, debuggers, readers of our formats.
public enum ExternalTool {
    /// The absolute path of an executable: first along PATH, then where installers that edit no PATH put things.
    public static func find(_ name: String) -> Result<String, Unavailable> {
        let home = environmentValue("HOME") ?? "/root"
        let usual = ["\(home)/.cargo/bin", "/usr/local/bin", "/usr/local/go/bin", "/usr/bin", "/usr/sbin", "/bin"]
        let listed = (environmentValue("PATH") ?? "").split(separator: ":").map(String.init)
        for folder in listed + usual {
            let path = "\(folder)/\(name)"
            if unsafe access(path, X_OK) == 0 { return .success(path) }
        }
        return .failure(Unavailable("no executable \(name) in PATH or the usual folders"))
    }

    /// A variable of this process's environment.
    public static func environmentValue(_ name: String) -> String? {
        // SAFETY: getenv's string is copied at once; tests do not call setenv.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
