import Logging
import Model
import NIOCore
import NIOHTTP1

/// One client's connection: collects a request, asks the routes, writes the answer, and keeps time meanwhile.
/// Lives on its event loop.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        /// Between requests.
        case idle
        /// Bytes have come, the head is not whole.
        case opening
        case reading(HTTPRequestHead, [UInt8])
        case answering(HTTPRequestHead)
        /// The last answer is written, or there is nobody to write to.
        case closing
    }

    private let service: HTTPService
    private let origin: Request.Origin
    private var phase = Phase.idle
    private var deadline: Scheduled<Void>?
    private var isRecording = false
    private static let chunk = 64 << 10
    private static let pollMilliseconds: Int64 = 50
    /// For how long a client may go on sending what is not read any more, so that it reads the answer.
    private static let lingerMilliseconds: Int64 = 1_000

    init(_ service: HTTPService, origin: Request.Origin) {
        self.service = service
        self.origin = origin
    }

    func channelActive(context: ChannelHandlerContext) {
        setDeadline(service.limits.idleMilliseconds, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closing
        deadline?.cancel()
        endRecording()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ArrivalWatch.BytesArrived, case .idle = phase {
            phase = .opening
            setDeadline(service.limits.requestMilliseconds, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), phase) {
        case (.head(let head), .idle), (.head(let head), .opening):
            begin(head, context)
        case (.body(let buffer), .reading(let head, var bytes)):
            phase = .idle
            bytes.append(contentsOf: buffer.readableBytesView)
            phase = .reading(head, bytes)
            if bytes.count > service.limits.bodyBytes { refuseBody(head, context) }
        case (.end, .reading(let head, let bytes)):
            phase = .answering(head)
            deadline?.cancel()
            answer(head, bytes, context)
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .idle, .opening, .reading:
            guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
            let refusal =
                error == .headerOverflow
                ? Refusal(431, "the head of the request is too large", hint: "send fewer or shorter headers")
                : Refusal(400, "this is no HTTP request", hint: "speak HTTP/1.1")
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
            refuse(refusal.response(forPath: ""), head, context)
        case .answering, .closing:
            context.close(promise: nil)
        }
    }
}

extension Connection {
    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        phase = .reading(head, [])
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > service.limits.bodyBytes
        {
            refuseBody(head, context)
        } else if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            let interim = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
        }
    }

    private func refuseBody(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let refusal = Refusal(
            413, "the body is too large", hint: "at most \(service.limits.bodyBytes) bytes are taken")
        refuse(refusal.response(forPath: RequestParts.path(head.uri)), head, context)
    }

    /// Answers before the request is whole; what follows on the connection cannot be trusted any more.
    private func refuse(_ response: Response, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        phase = .closing
        write(response, to: head, isLast: true, context)
    }

    private func answer(_ head: HTTPRequestHead, _ body: [UInt8], _ context: ChannelHandlerContext) {
        guard let request = RequestParts.request(head, body: body, origin: origin) else {
            let refusal = Refusal(400, "the request is malformed", hint: "send a path and one Host header")
            return write(refusal.response(forPath: ""), to: head, isLast: true, context)
        }
        switch service.routes.answer(request) {
        case .now(let response):
            write(response, to: head, isLast: false, context)
        case .work(let body):
            work(body, head, context)
        case .recording(let recording, let body):
            guard service.recordings.enter() else {
                let refusal = Refusal(
                    429, "\(service.limits.recordings) recordings are running already",
                    hint: "wait for one to end, or ask for last=30s", headers: [("Retry-After", "5")])
                return write(refusal.response(forPath: request.path), to: head, isLast: false, context)
            }
            isRecording = true
            poll(recording, body, request.path, head, context)
        }
    }

    private func work(
        _ body: @escaping @Sendable () -> Response, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        service.work(body, on: context.eventLoop).assumeIsolated().whenComplete { result in
            self.endRecording()
            switch result {
            case .success(let response): self.write(response, to: head, isLast: false, context)
            case .failure: context.close(promise: nil)
            }
        }
    }

    /// Looks whether the store has passed the end of the window, and looks again a little later.
    private func poll(
        _ recording: Recording, _ body: @escaping @Sendable () -> Response, _ path: String, _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        guard case .answering = phase else { return endRecording() }
        var recording = recording
        let routes = service.routes
        switch recording.step(newest: routes.source.extent.newest, now: routes.time.monotonic()) {
        case .done:
            work(body, head, context)
        case .stalled:
            endRecording()
            let refusal = Refusal(
                503, "no sample has been stored for ten seconds", hint: "see /readyz and the log of the daemon")
            write(refusal.response(forPath: path), to: head, isLast: false, context)
        case .wait:
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Self.pollMilliseconds)) {
                self.poll(recording, body, path, head, context)
            }
        }
    }

    private func endRecording() {
        if isRecording { service.recordings.leave() }
        isRecording = false
    }
}

extension Connection {
    /// Writes the head, then the body in pieces of which each has its time.
    private func write(
        _ response: Response, to head: HTTPRequestHead, isLast: Bool, _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        let keepsAlive = head.isKeepAlive && !isLast
        let responseHead = ResponseParts.head(
            response, to: head, keepsAlive: keepsAlive, now: service.routes.time.wall())
        context.write(wrapOutboundOut(.head(responseHead)), promise: nil)
        let body = head.method == .HEAD ? [] : response.body
        service.hold(body.count)
        writeBody(context.channel.allocator.buffer(bytes: body), keepsAlive, held: body.count, context)
    }

    private func writeBody(
        _ rest: ByteBuffer, _ keepsAlive: Bool, held: Int, _ context: ChannelHandlerContext
    ) {
        var rest = rest
        guard let piece = rest.readSlice(length: min(Self.chunk, rest.readableBytes)), piece.readableBytes > 0 else {
            return finish(keepsAlive, held: held, context)
        }
        setDeadline(service.limits.writeMilliseconds, context)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(piece)))).assumeIsolated().whenComplete { result in
            guard case .success = result else {
                self.service.hold(-held)
                return context.close(promise: nil)
            }
            self.writeBody(rest, keepsAlive, held: held, context)
        }
    }

    private func finish(_ keepsAlive: Bool, held: Int, _ context: ChannelHandlerContext) {
        service.hold(-held)
        // Written later, not now: the end of one answer delivers the next request of a pipeline, so that a client
        // with thousands of them would have us answer each on top of the stack of the one before.
        context.eventLoop.assumeIsolated().execute { self.end(keepsAlive, context) }
    }

    private func end(_ keepsAlive: Bool, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        if keepsAlive { phase = .idle } else { phase = .closing }
        setDeadline(keepsAlive ? service.limits.idleMilliseconds : Self.lingerMilliseconds, context)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !keepsAlive else { return }
        written.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: nil) }
    }

    private func setDeadline(_ milliseconds: Int64, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            context.close(promise: nil)
        }
    }
}
