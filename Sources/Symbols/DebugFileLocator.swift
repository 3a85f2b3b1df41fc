public import Binary
import CSandbox
import Glibc
import Platform

/// Finds separate debug files on the host and below the root of a target. What it opens need not match: the child
/// compares build-id or checksum.
public struct DebugFileLocator: Sendable {
    /// Folder of the host that holds `.build-id/`; `/usr/lib/debug` but for tests.
    public var hostFolder: String

    /// Looks below `hostFolder` first.
    public init(hostFolder: String = "/usr/lib/debug") { self.hostFolder = hostFolder }

    /// Candidates, the best first: by build-id on the host, then below the target's root, then by the debug link.
    /// - Parameters:
    ///   - buildID: of the map record or of the image; empty if unknown.
    ///   - link: the image's debug link.
    ///   - path: path of the image as the target sees it.
    ///   - root: O_PATH descriptor of the target's root directory (`/proc/PID/root`), `nil` for the host's.
    public func candidates(buildID: [UInt8], link: DebugLink?, path: String, root: OpenFile?) -> [OpenFile] {
        guard let host = try? OpenFile(FileDescriptor.open("/", hearth_open_path | O_DIRECTORY)) else { return [] }
        var places: [(path: String, root: OpenFile)] = []
        if let name = DebugFileLocator.buildIDPath(buildID) {
            places.append((hostFolder + name, host))
            if let root { places.append(("/usr/lib/debug" + name, root)) }
        }
        places += DebugFileLocator.linkPaths(link, path: path).map { ($0, root ?? host) }
        return places.compactMap { place in
            try? OpenFile(RootedOpen.regularFile(place.path, below: place.root.descriptor))
        }
    }

    /// `/.build-id/xx/yyyy.debug`.
    static func buildIDPath(_ id: [UInt8]) -> String? {
        guard id.count >= 2 else { return nil }
        let digits = Array("0123456789abcdef")
        let text = id.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "/.build-id/" + String(text[0..<2]) + "/" + String(text[2...]) + ".debug"
    }

    /// The three places that gdb looks into, in its order.
    static func linkPaths(_ link: DebugLink?, path: String) -> [String] {
        guard let link, let slash = path.lastIndex(of: "/") else { return [] }
        let folder = path[..<slash]
        let beside = "\(folder)/\(link.name)"
        return (beside == path ? [] : [beside]) + [
            "\(folder)/.debug/\(link.name)", "/usr/lib/debug\(folder)/\(link.name)",
        ]
    }
}
