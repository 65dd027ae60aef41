-- Takes over the pending entries of consumers that are dead. One script, so that two
-- rescuers cannot both take them.
-- KEYS: 1 stream   2 alive (sorted set)   3 ledger (hash)
-- ARGV: 1 group   2 rescuer   3 what precedes a consumer's name in alive   4 ms of silence that mean dead
--       5 most entries to take   6 "1": everybody else counts as dead   7 ms of idleness after which a dead
--       consumer without pending entries is removed from the group
-- Returns {id, deliveries, body fields...} as {{id, deliveries, {field, value, ...}}, ...}.
local group, me, left = ARGV[1], ARGV[2], tonumber(ARGV[5])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local taken = {}
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], group)
if consumers.err then return taken end
for _, c in ipairs(consumers) do
  local info = {}
  for i = 1, #c, 2 do info[c[i]] = c[i + 1] end
  local name = info.name
  local beat = name ~= me and redis.call('ZSCORE', KEYS[2], ARGV[3] .. name)
  local dead = name ~= me and (ARGV[6] == '1' or not beat or tonumber(beat) < now - tonumber(ARGV[4]))
  if dead and info.pending > 0 and left > 0 then
    local ids, deliveries = {}, {}
    for _, p in ipairs(redis.call('XPENDING', KEYS[1], group, '-', '+', left, name)) do
      ids[#ids + 1] = p[1]
      deliveries[p[1]] = p[4] + 1
    end
    local entries = redis.call('XCLAIM', KEYS[1], group, me, 0, unpack(ids))
    for _, e in ipairs(entries) do
      taken[#taken + 1] = {e[1], deliveries[e[1]], e[2]}
    end
    left = left - #ids
    if #entries < #ids then redis.call('HINCRBY', KEYS[3], 'vanished', #ids - #entries) end
  elseif dead and info.pending == 0 and info.idle > tonumber(ARGV[7]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, name)
  end
end
return taken
