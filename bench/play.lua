-- Plays a recording (bench/recording.ts) once through wrk: wrk -t1 -s play.lua URL -- FILE CONNECTIONS
--
-- wrk ends by time, a recording by its last request. An empty string from request() parks a connection: wrk writes nothing
-- and waits. A connection asks for its next request after its last answer, so when every connection has been parked, every
-- answer is in: the runner reads "end" and interrupts wrk, which then reports.
local file, connections
local verified = false
local parked = 0
local player

-- Global: done() runs in another Lua state and reads it from the thread's.
sent = 0

local function say(line)
  io.stderr:write(line, "\n")
  io.stderr:flush()
end

function setup(thread)
  player = thread
end

function init(args)
  file = assert(io.open(args[1], "rb"))
  file:setvbuf("full", 1048576)
  connections = tonumber(args[2])
end

function request()
  if not verified then
    -- wrk calls once before it starts, to count the requests in the answer; that one is never sent.
    verified = true
    return "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
  end
  local prefix = file:read(4)
  if prefix == nil then
    parked = parked + 1
    if parked == connections then say("end") end
    return ""
  end
  if sent == 0 then say("begin") end
  sent = sent + 1
  local a, b, c, d = prefix:byte(1, 4)
  return file:read(((a * 256 + b) * 256 + c) * 256 + d)
end

function done(summary, latency, requests)
  local e = summary.errors
  say(string.format(
    'summary {"sent":%d,"answered":%d,"refused":%d,"broken":%d,"p50":%.0f,"p99":%.0f}',
    player:get("sent"), summary.requests, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
