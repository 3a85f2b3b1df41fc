import Glibc
import Platform

extension KnownProgram {
    /// Builds the program, or finds it built. Files are kept in `.build/known-programs`, one folder for each content
    /// of the sources, flags and compiler.
    /// - Throws: `Unavailable` if a compiler is missing, `CommandFailure` with what the compiler said.
    public func build() throws -> BuiltProgram {
        let compilerPath = try ExternalTool.find(compiler).get()
        let folder = "\(ProgramFolders.built)/\(name)-\(try fingerprint(compilerPath))"
        if unsafe access(folder, F_OK) != 0 {
            let scratch = "\(folder).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
            try createFolders(scratch)
            defer { removeTree(scratch) }
            try compile(compilerPath, into: scratch)
            // Whoever renames first wins; the others use what it built.
            if unsafe rename(scratch, folder) != 0, unsafe access(folder, F_OK) != 0 { throw Errno.last }
        }
        let path = "\(folder)/\(fileName)"
        let symbols = finish == .asLinked ? path : "\(folder)/\(fileName).debug"
        return BuiltProgram(
            program: self, path: path,
            symbolsPath: finish == .bare || finish == .miniDebug ? "\(folder)/full" : symbols,
            pluginPath: flags.contains("-DWITH_DLOPEN") ? "\(folder)/libplugin.so" : nil)
    }

    /// The built program; where its compiler is missing, prints why the test is skipped and returns `nil`.
    public func builtOrSkipped() throws -> BuiltProgram? {
        do {
            return try build()
        } catch let error as Unavailable {
            print("skipped \(name): \(error)")
            return nil
        }
    }

    /// The last component of the built file's path.
    public var fileName: String { source.hasPrefix("c/short") || source.hasPrefix("live/") ? name : "split-\(name)" }

    private func compile(_ compiler: String, into folder: String) throws {
        let file = "\(folder)/\(fileName)"
        let source = "\(ProgramFolders.sources)/\(source)"
        switch language {
        case .go:
            let cache = ExternalTool.environmentValue("HOME") == nil ? ["GOCACHE": "\(ProgramFolders.built)/go"] : [:]
            try invoke(
                compiler, ["build"] + flags + ["-o", file, source],
                ["GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": ""].merging(cache) { $1 })
        case .c, .cxx, .rust, .swift:
            // Libraries (-l…) come after the source that needs them.
            try invoke(
                compiler,
                flags.filter { !$0.hasPrefix("-l") } + [source, "-o", file] + flags.filter { $0.hasPrefix("-l") })
        }
        if flags.contains("-DWITH_DLOPEN") {
            let plugin = "\(ProgramFolders.sources)/c/plugin.c"
            try invoke(
                compiler, ["-O2", "-fomit-frame-pointer", "-fPIC", "-shared", plugin, "-o", "\(folder)/libplugin.so"])
        }
        try applyFinish(folder, file)
    }

    private func applyFinish(_ folder: String, _ file: String) throws {
        let objcopy = try ExternalTool.find("objcopy").get()
        if finish == .asLinked { return }
        try invoke("/bin/cp", [file, "\(folder)/full"])
        switch finish {
        case .asLinked: break
        case .bare: try invoke(objcopy, ["--strip-all", file])
        case .debugLink:
            try invoke(objcopy, ["--only-keep-debug", file, "\(file).debug"])
            try invoke(objcopy, ["--strip-all", "--add-gnu-debuglink=\(file).debug", file])
        case .miniDebug:
            try invoke(objcopy, ["--only-keep-debug", file, "\(folder)/mini"])
            try invoke(try ExternalTool.find("xz").get(), ["\(folder)/mini"])
            try invoke(objcopy, ["--strip-all", "--add-section", ".gnu_debugdata=\(folder)/mini.xz", file])
        }
    }

    private func invoke(_ path: String, _ arguments: [String], _ environment: [String: String] = [:]) throws {
        let result = try Command.run(path, arguments, environment: environment, limit: 300)
        if result.status == 0 { return }
        let line = "\(path) \(arguments.joined(separator: " "))"
        throw CommandFailure(description: "\(line): status \(result.status)\n\(result.errors.suffix(4000))")
    }

    /// FNV-1a over everything that the built files depend on.
    private func fingerprint(_ compilerPath: String) throws -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ bytes: [UInt8]) { for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 } }
        let folder = String(source.prefix { $0 != "/" })
        // The C++ program includes headers of the C one.
        for part in folder == "cxx" ? ["c", "cxx"] : [folder] {
            for name in folderEntries("\(ProgramFolders.sources)/\(part)") {
                mix(try FileDescriptor.open("\(ProgramFolders.sources)/\(part)/\(name)").readAll())
            }
        }
        let status = try FileDescriptor.open(compilerPath).status()
        mix(Array("\(flags)\(finish)\(compilerPath)\(status.st_size)\(status.st_mtim.tv_sec)".utf8))
        return String(hash, radix: 16)
    }
}

/// Where sources are and built files go.
public enum ProgramFolders {
    private static let tests = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    /// The sources of the programs with a known truth.
    public static let sources = tests + "/Programs"
    static let built = String(tests.dropLast("/Tests".count)) + "/.build/known-programs"
}

private func createFolders(_ path: String) throws {
    var built = ""
    for part in path.split(separator: "/") {
        built += "/\(part)"
        if unsafe mkdir(built, 0o755) != 0, errno != EEXIST { throw Errno.last }
    }
}
