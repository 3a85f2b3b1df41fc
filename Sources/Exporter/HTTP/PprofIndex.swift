/// The page at `/debug/pprof/`.
enum PprofIndex {
    static let html = """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>/debug/pprof/</title></head><body>
        <h1>/debug/pprof/</h1>
        <p>Profiles of this host for <code>go tool pprof URL</code>.</p>
        <ul>
        <li><a href="profile?last=1m">profile?last=1m</a>: CPU of the whole host, the last minute</li>
        <li><a href="profile?seconds=10">profile?seconds=10</a>: CPU of the whole host, ten seconds from now</li>
        <li><code>profile?seconds=30&amp;target=NAME</code>: one target of
        <a href="/api/v1/targets">/api/v1/targets</a></li>
        <li><code>profile?from=-10m&amp;to=-5m</code>: from history</li>
        <li><a href="cmdline">cmdline</a>: command line of the daemon</li>
        </ul>
        <p><a href="/">The page with flame graphs</a></p>
        </body></html>

        """
}
