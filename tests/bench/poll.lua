-- A dashboard's unchanged poll: the same GET again and again, with the ETag it knows.
function init(args)
	path = args[1]
	wrk.headers["Authorization"] = args[2] ~= "-" and "Bearer " .. args[2] or nil
	wrk.headers["If-None-Match"] = args[3]
	wrk.path = path
	req = wrk.format("GET", path)
end

function request()
	return req
end

function done(summary, latency, requests)
	io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
		summary.errors.status, summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout))
end
