/// The version of everything in this package.
public enum HearthVersion {
    /// Semantic version.
    public static let current = "0.1.0"
}
