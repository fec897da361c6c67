-- wrk asks the handbook's questions in turn, each asker from another place in the list.
--     VERACITE_TEST_KEY=... wrk -s tests/load/ask.lua http://127.0.0.1:8420/v1/answers -- QUESTIONS.txt
local bodies, threads, next_id = {}, {}, 1

function setup(thread)
  thread:set("id", next_id)
  next_id = next_id + 1
  table.insert(threads, thread)
end

local function escaped(text)
  return text:gsub('[\\"]', "\\%0")
end

function init(args)
  for line in io.lines(args[1]) do
    table.insert(bodies, '{"question": "' .. escaped(line) .. '"}')
  end
  at = id * 7
  answered, withheld, refused, other = 0, 0, 0, 0
  key = os.getenv("VERACITE_TEST_KEY")
end

function request()
  at = at + 1
  local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer " .. key }
  return wrk.format("POST", nil, headers, bodies[at % #bodies + 1])
end

function response(status, _, body)
  if status == 200 and body:find('"verdict":"supported"', 1, true) then
    answered = answered + 1
  elseif status == 200 then
    withheld = withheld + 1
  elseif status == 429 or status == 503 then
    refused = refused + 1
  else
    other = other + 1
  end
end

function done(summary, latency, _)
  local sums = { answered = 0, withheld = 0, refused = 0, other = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(sums) do
      sums[name] = sums[name] + thread:get(name)
    end
  end
  local seconds = summary.duration / 1e6
  local errors = summary.errors
  print(string.format(
    "%d answers in %.0f s: %.1f/s; p50 %.0f ms, p95 %.0f ms, p99 %.0f ms, longest %.0f ms",
    summary.requests, seconds, summary.requests / seconds, latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
  print(string.format(
    "with a supported sentence %d, without %d, refused as busy %d, other states %d; connect %d, read %d, write %d, timeout %d",
    sums.answered, sums.withheld, sums.refused, sums.other, errors.connect, errors.read, errors.write, errors.timeout))
end
