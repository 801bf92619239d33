-- What wrk posts: one signup as JSON, as a page's script would.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.body = '{"name":"Ada Lovelace","email":"ada@example.org"}'
