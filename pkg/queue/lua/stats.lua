-- All counts of a lane at one moment.
-- KEYS: 1 cursor   2 ledger (hashes)   3 dlq   4 checks   5 urgent   6 results (streams)
-- ARGV: 1 workers' group   2 aggregator's   3 ticks'
-- Returns {now in ms, epoch, slot, {ledger's field, value, ...}, length of dlq,
--          then for checks, urgent, results of the aggregator and of ticks:
--          length, pending, oldest entry not taken, oldest entry taken (ids, or "")}.
local t = redis.call('TIME')
local cursor = redis.call('HMGET', KEYS[1], 'epoch', 'slot')
local out = {t[1] * 1000 + math.floor(t[2] / 1000), cursor[1] or '0', cursor[2] or '0',
  redis.call('HGETALL', KEYS[2]), redis.call('XLEN', KEYS[3])}
local function add(stream, group)
  local pending, untaken, taken = 0, '', ''
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  local last
  if not groups.err then
    for _, g in ipairs(groups) do
      local info = {}
      for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
      if info.name == group then last = info['last-delivered-id'] end
    end
  end
  if last then
    local p = redis.call('XPENDING', stream, group)
    pending = p[1]
    if pending > 0 then taken = p[2] end
  end
  local first = redis.call('XRANGE', stream, '(' .. (last or '0-0'), '+', 'COUNT', 1)
  if first[1] then untaken = first[1][1] end
  out[#out + 1] = redis.call('XLEN', stream)
  out[#out + 1] = pending
  out[#out + 1] = untaken
  out[#out + 1] = taken
end
add(KEYS[4], ARGV[1])
add(KEYS[5], ARGV[1])
add(KEYS[6], ARGV[2])
add(KEYS[6], ARGV[3])
return out
