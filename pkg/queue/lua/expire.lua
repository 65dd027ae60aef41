-- Removes entries that nobody took in time.
-- KEYS: 1 stream   2 ledger (hash)
-- ARGV: 1 group   2 age in ms   3 most entries to remove   4 ledger's field
-- Returns {removed}.
local t = redis.call('TIME')
local before = t[1] * 1000 + math.floor(t[2] / 1000) - tonumber(ARGV[2])
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err then return {0} end
local last = '0-0'
for _, g in ipairs(groups) do
  local info = {}
  for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
  if info.name == ARGV[1] then last = info['last-delivered-id'] end
end
local removed = 0
-- An id of milliseconds alone, as the end of a range, includes all of its sequence numbers.
for _, e in ipairs(redis.call('XRANGE', KEYS[1], '(' .. last, string.format('%.0f', before), 'COUNT', ARGV[3])) do
  removed = removed + redis.call('XDEL', KEYS[1], e[1])
end
if removed > 0 then redis.call('HINCRBY', KEYS[2], ARGV[4], removed) end
return {removed}
