import Logging
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import Platform
import Synchronization

/// What all connections share.
final class HTTPService: Sendable {
    let routes: Routes
    let limits: Limits
    let logger: Logger
    let recordings: Gate
    private let connections: Gate
    private let budget: StageBudget
    private let held = Atomic<Int>(0)
    private let workers = NIOThreadPool(numberOfThreads: 2)
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(routes: Routes, limits: Limits, budget: StageBudget, logger: Logger) {
        self.routes = routes
        self.limits = limits
        self.budget = budget
        self.logger = logger
        recordings = Gate(limits.recordings)
        connections = Gate(limits.connections)
    }

    /// Connections that are served now.
    var openConnections: Int { open.withLock(\.count) }

    func start() { workers.start() }

    /// Sets a new connection up; called on its event loop.
    func configure(_ channel: any Channel, scope: Listener.Scope) throws {
        guard connections.enter() else {
            try channel.pipeline.syncOperations.addHandler(TooManyConnections())
            return
        }
        channel.closeFuture.whenComplete { _ in
            self.connections.leave()
            self.open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
        }
        open.withLock { $0[ObjectIdentifier(channel)] = channel }
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderListSize = limits.headBytes
        decoder.maxHeaderFieldSize = limits.headBytes
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ArrivalWatch())
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoder)
        let address = channel.localAddress?.ipAddress
        try pipeline.addHandler(
            Connection(self, origin: Request.Origin(localAddress: address, scope: scope)))
    }

    /// Works an answer out beside the event loops and charges the stage.
    func work(_ body: @escaping @Sendable () -> Response, on loop: any EventLoop) -> EventLoopFuture<Response> {
        guard held.load(ordering: .relaxed) < budget.limitBytes else {
            let refusal = Refusal(503, "too many large answers at once", hint: "ask again in a second")
            return loop.makeSucceededFuture(refusal.response(forPath: ""))
        }
        return workers.runIfActive(eventLoop: loop) { [budget] in
            let before = SystemTime.threadCPU()
            let response = body()
            budget.charge(cpuNanoseconds: SystemTime.threadCPU() &- before)
            return response
        }
    }

    /// Counts the bytes of an answer that is on its way, or no longer.
    func hold(_ bytes: Int) {
        let (_, held) = held.wrappingAdd(bytes, ordering: .relaxed)
        budget.usedBytes = held
    }

    /// Ends all connections: silent ones now, others when their answer is written, after two seconds all.
    func drain(on loops: any EventLoopGroup) async {
        let channels = open.withLock { Array($0.values) }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        let timer = loops.next().scheduleTask(in: .seconds(2)) {
            for channel in channels { channel.close(promise: nil) }
        }
        for channel in channels { try? await channel.closeFuture.get() }
        timer.cancel()
        try? await workers.shutdownGracefully()
    }
}

/// Lets so many in at a time.
final class Gate: Sendable {
    private let limit: Int
    private let inside = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = limit }

    /// Whether there is room; then ``leave()`` is owed.
    func enter() -> Bool {
        if inside.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        leave()
        return false
    }

    func leave() { inside.wrappingSubtract(1, ordering: .relaxed) }

    /// How many are inside.
    var count: Int { inside.load(ordering: .relaxed) }
}

/// Says that bytes have come, so that a request that never gets whole has a beginning to be timed from.
final class ArrivalWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct BytesArrived {}

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(BytesArrived())
        context.fireChannelRead(data)
    }
}

/// Tells a connection beyond the limit so, and closes it.
final class TooManyConnections: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let body = "{\"error\":\"too many connections\",\"hint\":\"ask again in a second\"}\n"
    private static let answer =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let buffer = channel.allocator.buffer(string: Self.answer)
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in channel.close(promise: nil) }
    }
}
