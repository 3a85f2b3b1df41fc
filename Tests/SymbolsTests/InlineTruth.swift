import Binary
import Foundation
import Model
import Testing

@testable import Symbols

/// One function of a chain: mangled name, path and line.
struct TruthLine: Hashable, CustomStringConvertible {
    var function: String
    var file: String
    var line: Int

    var description: String { "\(function) \(place)" }
    var place: String { "\(plainPath(file)):\(line)" }
}

/// What a tool that shares nothing with Hearth says about addresses of a file.
enum InlineTruth {
    /// Chains by address, innermost first, as `addr2line -a -i -f` and its like print them.
    static func ask(_ tool: String..., file: String, addresses: [UInt64], shop: Workshop) throws -> [UInt64:
        [TruthLine]]
    {
        let list = addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n") + "\n"
        try shop.write(list, to: "addresses")
        let output = try shop.run(
            "sh", "-c", (tool + ["-a -i -f -e", file, "< addresses"]).joined(separator: " "))
        return chains(output)
    }

    static func chains(_ output: String) -> [UInt64: [TruthLine]] {
        var result: [UInt64: [TruthLine]] = [:]
        var current: UInt64?
        var name: String?
        for line in output.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("0x"), let address = UInt64(line.dropFirst(2), radix: 16) {
                (current, name) = (address, nil)
            } else if let function = name, let address = current {
                result[address, default: []].append(place(function, line))
                name = nil
            } else {
                name = String(line)
            }
        }
        return result
    }

    /// `path:line`, with `(discriminator 3)` or a column behind; `?` stands for 0.
    private static func place(_ function: String, _ text: Substring) -> TruthLine {
        let bare = text.prefix { $0 != "(" }.split(separator: " ").joined(separator: " ")
        let parts = bare.split(separator: ":", omittingEmptySubsequences: false)
        return TruthLine(function: function, file: String(parts[0]), line: parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    }
}

extension Symbolizer {
    /// Asks for the lines of virtual addresses until nothing is left for later.
    func chains(
        _ files: ModuleFiles, _ image: ElfImage, _ addresses: [UInt64], module: ModuleID = .firstDynamic,
        cpuLimit: UInt64 = 500_000_000
    ) throws -> [UInt64: [SourceLine]] {
        var result: [UInt64: [SourceLine]] = [:]
        var byOffset: [UInt64: UInt64] = [:]
        for address in addresses { byOffset[try #require(image.fileOffset(ofAddress: address))] = address }
        var waiting = byOffset.keys.sorted()
        var names: [UInt64: FrameName] = [:]
        for (offset, name) in zip(waiting, symbolize(module: module, source: files, addresses: waiting)) {
            names[offset] = name
        }
        while !waiting.isEmpty {
            let frames = waiting.map { ($0, names[$0] ?? .unnamed(.pending)) }
            let found = locate(module: module, source: files, frames: frames, cpuLimit: cpuLimit)
            for (offset, name) in found.names {
                if case .lines(let lines) = name, let address = byOffset[offset] { result[address] = lines }
            }
            waiting = found.later
        }
        return result
    }
}

extension SourceLine {
    var place: String { "\(plainPath(file)):\(line)" }
}

/// Paths without `.`, `..` and doubled slashes: tools differ in what they leave in.
func plainPath(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
        if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
}
