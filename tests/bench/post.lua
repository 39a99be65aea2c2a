-- One survey.answered event of about 250 bytes per request, each with an id of its own.
-- The head is constant, so that wrk spends its time sending rather than formatting.
local head, n, tid = nil, 0, 0
local threads = 0

local answer = '{"type":"survey.answered","source":"bench","id":"%s-%d-%09d",' ..
	'"data":{"survey":"bench","unit":"retail/north/store-%02d","channel":"web",' ..
	'"answers":{"overall":%d},' ..
	'"comment":"The delivery came on time and the driver was kind. Thanks."}}'

function setup(thread)
	thread:set("tid", threads)
	threads = threads + 1
end

function init(args)
	run = args[1] or "r"
	token = args[2] or ""
	local sample = answer:format(run, tid, 0, 0, 5)
	head = "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. token ..
		"\r\nContent-Type: application/json\r\nContent-Length: " .. #sample .. "\r\n\r\n"
end

function request()
	n = n + 1
	return head .. answer:format(run, tid, n, n % 20, 1 + n % 5)
end

function done(summary, latency, requests)
	io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
		summary.errors.status, summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout))
end
