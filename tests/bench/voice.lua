-- One request after the other on one connection, so that what is measured is how long
-- one answer takes. Arguments: token, method, path, body ("-": none), how many paths.
-- In the path, %d is a number that differs from request to request, so that no answer
-- was kept; without it the request is always the same. Body and path stay short: what
-- wrk formats is outside of the time measured.
local numbers, n = 1, 0

function init(args)
	method, path, body = args[2], args[3], args[4]
	numbers = tonumber(args[5] or "1")
	first = tonumber(args[6] or "0")
	wrk.headers["Authorization"] = "Bearer " .. args[1]
	if body == "-" then
		body = nil
	else
		wrk.headers["Content-Type"] = "application/json"
	end
end

function request()
	n = (n + 1) % numbers
	return wrk.format(method, path:gsub("%%d", tostring(first + n)), nil, body)
end

function done(summary, latency, requests)
	io.write(string.format("LATENCY %d %d %d\n", latency:percentile(50),
		latency:percentile(99), latency.max))
	io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
		summary.errors.status, summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout))
end
