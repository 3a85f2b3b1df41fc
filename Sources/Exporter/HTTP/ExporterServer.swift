public import Logging
public import Model
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// What the server needs to know beside its sources.
public struct ExporterConfiguration: Sendable {
    /// Addresses to serve.
    public var listeners: [Listener]
    /// Names of this machine under which it may be asked, beside those of the loopback.
    public var hostNames: [String]
    /// What one client may take.
    public var limits: Limits
    /// What `/debug/pprof/cmdline` answers.
    public var commandLine: [String]

    /// The loopback on the usual port, unless told otherwise.
    public init(
        listeners: [Listener] = [Listener(.tcp(host: "127.0.0.1", port: 9797))], hostNames: [String] = [],
        limits: Limits = Limits(), commandLine: [String] = ["hearthd"]
    ) {
        self.listeners = listeners
        self.hostNames = hostNames
        self.limits = limits
        self.commandLine = commandLine
    }
}

/// The HTTP server of the daemon.
///
/// ``start()`` binds and serves; ``run()`` does so and returns after ``shutdown()`` or when its task is cancelled, as a
/// service of a group has to.
public final class ExporterServer: Sendable {
    private let configuration: ExporterConfiguration
    private let service: HTTPService
    private let logger: Logger
    private let loops: MultiThreadedEventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var phase = Phase.fresh
        var listening: [any Channel] = []
        var addresses: [Listener.Endpoint] = []
        var sockets: [(path: String, inode: UInt64?)] = []
    }

    private enum Phase { case fresh, started, stopped }

    /// - Parameters:
    ///   - budget: charged with the CPU time of encoding, holds the bytes of answers on their way.
    public init(
        configuration: ExporterConfiguration, source: any ProfileSource, series: any SeriesSource,
        events: any EventSource, metrics: [any MetricSource],
        health: any HealthSource, time: any TimeSource, logger: Logger, budget: StageBudget
    ) {
        self.configuration = configuration
        self.logger = logger
        loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let routes = Routes(
            source: source, series: series, events: events, metrics: metrics, health: health, time: time,
            hosts: HostCheck(names: configuration.hostNames), commandLine: configuration.commandLine)
        service = HTTPService(routes: routes, limits: configuration.limits, budget: budget, logger: logger)
    }

    /// Addresses that are served, with the port that was taken.
    public var boundAddresses: [Listener.Endpoint] { state.withLock { $0.addresses } }

    /// Recordings that somebody waits for.
    var activeRecordings: Int { service.recordings.count }

    /// Connections that are served now.
    var openConnections: Int { service.openConnections }

    /// Binds all addresses. After an error nothing is left bound and the server is stopped.
    ///
    /// - Throws: ``ListenError`` for the first address that cannot be served.
    public func start() async throws(ListenError) {
        let isFirst = state.withLock { state in
            defer { if state.phase == .fresh { state.phase = .started } }
            return state.phase == .fresh
        }
        guard isFirst else { return }
        service.start()
        do throws(ListenError) {
            for listener in configuration.listeners { try await bind(listener) }
        } catch {
            await shutdown()
            throw error
        }
    }

    /// Serves until ``shutdown()`` or cancellation.
    public func run() async throws {
        try await start()
        let listening = state.withLock { $0.listening }
        await withTaskCancellationHandler {
            for channel in listening { try? await channel.closeFuture.get() }
        } onCancel: {
            for channel in listening { channel.close(promise: nil) }
        }
        await shutdown()
    }

    /// Closes the addresses, lets answers that are being written end (for two seconds) and frees everything.
    public func shutdown() async {
        let last: State? = state.withLock { state in
            guard state.phase != .stopped else { return nil }
            defer {
                state.phase = .stopped
                state.listening = []
                state.sockets = []
            }
            return state
        }
        guard let last else { return }
        for channel in last.listening { try? await channel.close() }
        for socket in last.sockets { UnixSocket.remove(socket.path, inode: socket.inode) }
        await service.drain(on: loops)
        try? await loops.shutdownGracefully()
    }

    private func bind(_ listener: Listener) async throws(ListenError) {
        let address = listener.endpoint.description
        let bootstrap = makeBootstrap(listener.scope)
        let channel: any Channel
        do {
            switch listener.endpoint {
            case .tcp(let host, let port):
                channel = try await bootstrap.bind(host: host, port: port).get()
            case .unix(let path):
                let socket = try UnixSocket.bound(to: path)
                channel = try await bootstrap.withBoundSocket(socket.release()).get()
                state.withLock { $0.sockets.append((path, UnixSocket.inode(path))) }
            case .descriptor(let number):
                channel = try await bootstrap.withBoundSocket(number).get()
            }
        } catch {
            throw await Self.listenError(error, listener.endpoint)
        }
        let bound = Self.bound(channel, listener.endpoint)
        state.withLock {
            $0.listening.append(channel)
            $0.addresses.append(bound)
        }
        logger.info("listening", metadata: ["address": "\(bound)", "asked": "\(address)"])
    }

    private func makeBootstrap(_ scope: Listener.Scope) -> ServerBootstrap {
        ServerBootstrap(group: loops)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { [service] channel in
                channel.eventLoop.makeCompletedFuture { try service.configure(channel, scope: scope) }
            }
    }

    private static func bound(_ channel: any Channel, _ asked: Listener.Endpoint) -> Listener.Endpoint {
        guard let address = channel.localAddress else { return asked }
        if let ip = address.ipAddress, let port = address.port { return .tcp(host: ip, port: port) }
        return address.pathname.map { .unix(path: $0) } ?? asked
    }

    private static func listenError(_ error: any Error, _ endpoint: Listener.Endpoint) async -> ListenError {
        if let error = error as? ListenError { return error }
        let address = endpoint.description
        guard let error = error as? IOError else { return .failed(address: address, reason: "\(error)") }
        switch error.errnoCode {
        case ErrorNumber.addressInUse:
            guard case .tcp(_, let port) = endpoint else { return .inUse(address: address, holder: nil) }
            return .inUse(address: address, holder: PortHolder.find(port: port))
        case ErrorNumber.accessDenied, ErrorNumber.notPermitted: return .notPermitted(address: address)
        default: return .failed(address: address, reason: error.description)
        }
    }
}
